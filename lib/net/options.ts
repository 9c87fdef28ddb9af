// Checks of the options of listeners and connections.
import { checkBoolean, checkInteger, checkKnownOptions, checkSignal, checkString, signalOf, typeError } from '../base/arguments.js';

/** Options that each connection has, whether it was accepted or opened. */
export interface ConnectionOptions {
  /** Bytes of input that was not consumed at which reading pauses. Default 256 KiB; at least 4 KiB, at most 1 GiB. */
  highWater?: number;
  /**
   * Bytes that wait to be sent at which post() returns false, and at which nothing more is read from a connection that was accepted. Default 256 KiB;
   * at most 1 GiB.
   */
  writeHighWater?: number;
  /** Sends small pieces at once (TCP_NODELAY). Default true: what one turn writes leaves together in any case. */
  noDelay?: boolean;
  /** Seconds without traffic after which the kernel asks whether the peer is there; 0, the default, for never. */
  keepAlive?: number;
  /** The connection stays open for writing when the peer has ended. Default false: it is ended then, behind what was written. */
  allowHalfOpen?: boolean;
  /**
   * Milliseconds for which a peer may take nothing of what waits for it before the connection is closed with ETIMEDOUT; 0 for ever. Default 120,000.
   * For as long may reading rest for want of memory while the shard receives nothing; then connections are closed with ERR_OUT_OF_MEMORY, one at a
   * time, the one with the longest input first.
   */
  idleLimit?: number;
}

/** Options of Listener.open(). */
export interface ListenOptions extends ConnectionOptions {
  /** TCP port, 0 to 65535; 0, the default, takes a free one. */
  port?: number;
  /** Address or name to listen at. Default: all addresses, IPv6 and IPv4. */
  host?: string;
  /** Path of a Unix socket, instead of `port` and `host`. */
  path?: string;
  /** Connections that may wait to be accepted. Default 511; the kernel has a limit of its own. */
  backlog?: number;
  /** An IPv6 address takes no IPv4 connections. Default false. */
  ipv6Only?: boolean;
  /** Several listeners, of any thread, share the port, and the kernel spreads connections over them. Default false. */
  reusePort?: boolean;
  /** Closes the listener, or keeps it from being opened. */
  signal?: AbortSignal;
}

/** Options of Connection.connect(). */
export interface ConnectOptions extends ConnectionOptions {
  /** TCP port, 1 to 65535. */
  port?: number;
  /** Address or name to connect to. Default 'localhost'. */
  host?: string;
  /** Path of a Unix socket, instead of `port` and `host`. */
  path?: string;
  /** Gives up while the connection is not open yet. */
  signal?: AbortSignal;
}

/** Options of Connection.more(), read() and readExactly(). */
export interface ReadOptions {
  /** Ends the waiting: the promise is rejected with the signal's reason, and nothing is consumed. */
  signal?: AbortSignal;
}

/** With all defaults. */
export type CheckedConnection = Required<ConnectionOptions>;

const CONNECTION = ['highWater', 'writeHighWater', 'noDelay', 'keepAlive', 'allowHalfOpen', 'idleLimit'] as const;
const PLACE = ['port', 'host', 'path', 'signal'] as const;
/** Names of the options of a listener. */
export const LISTEN = [...PLACE, ...CONNECTION, 'backlog', 'ipv6Only', 'reusePort'] as const;
const CONNECT = [...PLACE, ...CONNECTION] as const;

const KIB = 1024;
const HIGH_WATER_MOST = 1024 * KIB * KIB;
/** What one read of the engine brings at most: a smaller limit would pause after each. */
const HIGH_WATER_DEFAULT = 256 * KIB;

/** A port and a host, or a path; checked. */
export interface Place {
  readonly port: number;
  readonly host: string | undefined;
  readonly path: string | undefined;
}

export function checkedListen(options: ListenOptions) {
  checkKnownOptions('options', options, LISTEN);
  const { backlog = 511, ipv6Only = false, reusePort = false, signal } = options;
  const place = checkedPlace(options, 0);
  checkSignal('options.signal', signal);
  checkInteger('options.backlog', backlog, 1, 0x7fffffff);
  checkBoolean('options.ipv6Only', ipv6Only);
  checkBoolean('options.reusePort', reusePort);
  if (reusePort && place.path !== undefined) throw typeError('options.reusePort must be false or absent for a Unix socket; received true');
  return { place, backlog, ipv6Only, reusePort, signal, connection: checkedConnection(options) };
}

export function checkedConnect(options: ConnectOptions) {
  checkKnownOptions('options', options, CONNECT);
  const { path, port, signal } = options;
  if (path === undefined && port === undefined) {
    throw typeError('options must have a port or a path; received neither');
  }
  checkSignal('options.signal', signal);
  return { place: checkedPlace(options, 1), signal, connection: checkedConnection(options) };
}

export function checkedConnection(options: ConnectionOptions): CheckedConnection {
  const { highWater = HIGH_WATER_DEFAULT, writeHighWater = HIGH_WATER_DEFAULT, noDelay = true } = options;
  const { keepAlive = 0, allowHalfOpen = false, idleLimit = 120_000 } = options;
  checkInteger('options.highWater', highWater, 4 * KIB, HIGH_WATER_MOST);
  checkInteger('options.writeHighWater', writeHighWater, 1, HIGH_WATER_MOST);
  checkBoolean('options.noDelay', noDelay);
  checkInteger('options.keepAlive', keepAlive, 0, 32_767);
  checkBoolean('options.allowHalfOpen', allowHalfOpen);
  checkInteger('options.idleLimit', idleLimit, 0, 0x7fffffff);
  return { highWater, writeHighWater, noDelay, keepAlive, allowHalfOpen, idleLimit };
}

/** The signal, which is not aborted yet. @throws its reason; TypeError */
export function checkedSignal(options: ReadOptions): AbortSignal | undefined {
  const signal = signalOf(options);
  signal?.throwIfAborted();
  return signal;
}

function checkedPlace(options: ListenOptions | ConnectOptions, portLeast: number): Place {
  const { port = 0, host, path } = options;
  if (path !== undefined) {
    checkString('options.path', path);
    if (options.port !== undefined || host !== undefined) throw typeError('options must have either a path, or a port and a host; received both');
    return { port: 0, host: undefined, path };
  }
  checkInteger('options.port', port, portLeast, 65_535);
  if (host !== undefined) checkString('options.host', host);
  return { port, host, path: undefined };
}
