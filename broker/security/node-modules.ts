// Modules of Node that are loaded when they are first needed: each costs a thread milliseconds of its start.
import type * as crypto from 'node:crypto';
import type * as tls from 'node:tls';

export const nodeCrypto = (): typeof crypto => require('node:crypto') as typeof crypto;
/** Needed by brokers with a certificate. */
export const nodeTls = (): typeof tls => require('node:tls') as typeof tls;
