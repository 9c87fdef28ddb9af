// Errors of sockets, as node:net makes them: plain Errors with code, errno and syscall, and with the address that was asked for.
import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { outOfMemory } from '../base/errors.js';
import { constants } from '../native/binding.js';

/** An error of the kernel, as node:net reports it. */
export interface SocketError extends Error {
  /** Name of the error, such as 'ECONNREFUSED'. */
  code: string;
  /** Number of the error, negative as in Node's own errors. */
  errno: number;
  /** Name of the call that failed: 'listen', 'connect', 'read', 'write' or 'accept'. */
  syscall: string;
  /** Address or path that was asked for; errors of 'listen' and 'connect' have it. */
  address?: string;
  /** Port that was asked for; absent for a path. */
  port?: number;
}

/** The address of a listener or of a peer: digits of an IP address and a port, or a path. */
export interface Target {
  readonly address: string;
  /** Undefined when `address` is a path. */
  readonly port: number | undefined;
}

/** `errno` is positive here, as in <errno.h>. */
export function socketError(errno: number, syscall: string, target?: Target): SocketError {
  const code = getSystemErrorName(-errno);
  const details = syscall === 'listen' ? `: ${getSystemErrorMap().get(-errno)?.[1] ?? code}` : '';
  const error = new Error(`${syscall} ${code}${details}${target === undefined ? '' : ` ${nameOf(target)}`}`) as SocketError;
  error.errno = -errno;
  error.code = code;
  error.syscall = syscall;
  if (target === undefined) return error;
  error.address = target.address;
  if (target.port !== undefined) error.port = target.port;
  return error;
}

/** Errors of a connection that was open, or of its opening. `call` is the number that C++ gives. */
export function connectionError(errno: number, call: number, target: Target | undefined): Error {
  if (call === constants.socketCallMemory) return outOfMemory();
  if (call === constants.socketCallConnect) return socketError(errno, 'connect', target);
  return socketError(errno, call === constants.socketCallRead ? 'read' : 'write');
}

/** Several addresses were tried, and none can be reached: as node:net, an AggregateError with the code of the first. */
export function noneReached(errors: readonly SocketError[]): Error {
  const [first] = errors;
  if (errors.length === 1) return first!;
  return Object.assign(new AggregateError(errors), { code: first!.code });
}

function nameOf({ address, port }: Target): string {
  return port === undefined ? address : `${address}:${port}`;
}
