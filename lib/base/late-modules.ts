// Modules of Node that few programs need, loaded when one does: each costs a thread milliseconds, and every worker is a thread that starts.
// By require(), because import() fails in test runners that run modules in contexts of their own.
import type * as dns from 'node:dns/promises';
import type * as http from 'node:http';

export const nodeDns = (): typeof dns => require('node:dns/promises') as typeof dns;
export const nodeHttp = (): typeof http => require('node:http') as typeof http;

/** Runs a CommonJS module of the program. */
export const runCommonJs = (path: string): void => void require(path);
