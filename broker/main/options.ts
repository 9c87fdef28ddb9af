// The options of a broker, and what holds where none is given.
import { isIP, SocketAddress } from 'node:net';
import { resolve } from 'node:path';
import { nodeTls } from '../security/node-modules.js';

export interface BrokerOptions {
  /** Folder of all data. It is made if it is not there. */
  dir: string;
  /** 0: any that is free. Default 0. */
  port?: number;
  /** Address to listen on. Default '127.0.0.1'. With '0.0.0.0' or '::', which are all addresses of this machine, `advertisedHost` must be given. */
  host?: string;
  /** Host that clients are told to connect to: they must reach the broker by it. Default the address that the broker listens on. */
  advertisedHost?: string;
  /** Number of shards, 1 to 64. Default 1. */
  shards?: number;
  /** Memory of all shards together: bytes, or a string such as '512MiB'. Default '256MiB'. */
  memory?: number | string;
  /** Default 0. */
  nodeId?: number;
  /** Whether Metadata requests create topics that are not there. Default true. */
  autoCreateTopics?: boolean;
  /** Partitions of topics that are created without a number. Default 1. */
  partitions?: number;
  /** Milliseconds that a new group waits for more members after the first. Default 3000; 0 makes tests quick. */
  groupInitialDelay?: number;
  /** Longest request in bytes, at most a quarter of a shard's memory. Default 100 MiB. */
  requestBytesMax?: number;
  /** Microseconds above which a turn of a shard's event loop counts as a stall in stats(). Default 0: none does. */
  stallThreshold?: number;
  /**
   * Clients must log in, by SASL/PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. PLAIN sends the password as it is: use it with `tls`, or on this machine.
   * Default: nobody need log in.
   */
  sasl?: SaslOptions;
  /** Clients must use TLS. Default: nothing is encrypted. */
  tls?: TlsOptions;
}

export interface SaslOptions {
  /** Passwords of all users by their names. */
  readonly users: Readonly<Record<string, string>>;
}

export interface TlsOptions {
  /** Private key in PEM. */
  readonly key: string | Uint8Array;
  /** Certificate in PEM, and those that stand between it and one that clients know. */
  readonly cert: string | Uint8Array;
  /** Password of the key. */
  readonly passphrase?: string;
}

/** As text, which threads can be sent. */
export interface CheckedTls {
  readonly key: string;
  readonly cert: string;
  readonly passphrase?: string;
}

type Optional = 'advertisedHost' | 'requestBytesMax' | 'sasl' | 'tls';

export type CheckedOptions = Required<Omit<BrokerOptions, Optional>> & Pick<BrokerOptions, Exclude<Optional, 'tls'>> & { readonly tls?: CheckedTls };

const NAMES: readonly string[] = [
  'dir', 'port', 'host', 'advertisedHost', 'shards', 'memory', 'nodeId', 'autoCreateTopics', 'partitions', 'groupInitialDelay', 'requestBytesMax',
  'stallThreshold', 'sasl', 'tls',
] satisfies (keyof BrokerOptions)[];

/** @throws TypeError, RangeError for an option that cannot be used. */
export function checkOptions(options: BrokerOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object with `dir`');
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new TypeError(`options.${unknown} is no option; there are ${NAMES.join(', ')}`);
  const { dir, host = '127.0.0.1', advertisedHost, requestBytesMax, sasl, tls } = options;
  if (typeof dir !== 'string' || dir === '') throw new TypeError(`options.dir must be the path of a folder, received ${String(dir)}`);
  checkHosts(host, advertisedHost);
  if (requestBytesMax !== undefined) checkWhole('requestBytesMax', requestBytesMax, 1024, 2 ** 31 - 1);
  if (sasl !== undefined) checkSasl(sasl);
  return {
    dir: resolve(dir),
    port: checkWhole('port', options.port ?? 0, 0, 65_535),
    host,
    shards: checkWhole('shards', options.shards ?? 1, 1, 64),
    memory: options.memory ?? '256MiB',
    nodeId: checkWhole('nodeId', options.nodeId ?? 0, 0, 2 ** 31 - 1),
    autoCreateTopics: options.autoCreateTopics ?? true,
    partitions: checkWhole('partitions', options.partitions ?? 1, 1, 10_000),
    groupInitialDelay: checkWhole('groupInitialDelay', options.groupInitialDelay ?? 3000, 0, 300_000),
    stallThreshold: checkWhole('stallThreshold', options.stallThreshold ?? 0, 0, 60_000_000),
    ...(advertisedHost === undefined ? {} : { advertisedHost }),
    ...(requestBytesMax === undefined ? {} : { requestBytesMax }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { tls: checkedTls(tls) }),
  };
}

/** Addresses that stand for all of a machine's: a client on another machine that connects to one of them stays on its own. */
const everywhere: readonly string[] = ['0.0.0.0', '::', '::ffff:0.0.0.0'];

function checkHosts(host: string, advertised: string | undefined): void {
  const announced = advertised === undefined ? host : advertised;
  for (const [name, value] of [['host', host], ['advertisedHost', announced]] as const) {
    if (typeof value !== 'string' || value === '') throw new TypeError(`options.${name} must be an address or the name of a host, received '${String(value)}'`);
  }
  if (!isEverywhere(announced)) return;
  const reason = 'clients must be told a host that they can connect to';
  if (advertised !== undefined) throw new TypeError(`options.advertisedHost must not be '${advertised}', which is no single address: ${reason}`);
  throw new TypeError(`options.advertisedHost (--advertise) must be given with the host '${host}', which is no single address: ${reason}`);
}

function isEverywhere(host: string): boolean {
  const version = isIP(host);
  return version !== 0 && everywhere.includes(new SocketAddress({ address: host, family: version === 4 ? 'ipv4' : 'ipv6' }).address);
}

function checkSasl({ users }: SaslOptions): void {
  const all = typeof users === 'object' && users !== null ? Object.entries(users) : [];
  if (all.length === 0) throw new TypeError('options.sasl.users must be an object of passwords by user names, with one user at least');
  for (const [name, password] of all) {
    if (name === '' || name.includes('\0')) throw new TypeError('options.sasl.users must have names without zero bytes, of one character at least');
    if (typeof password !== 'string' || password === '') throw new TypeError(`options.sasl.users['${name}'] must be a password of one character at least`);
  }
}

function checkedTls({ key, cert, passphrase }: TlsOptions): CheckedTls {
  const checked = { key: pemOf('key', key), cert: pemOf('cert', cert), ...(passphrase === undefined ? {} : { passphrase }) };
  try {
    nodeTls().createSecureContext(checked);
  } catch (error) {
    throw new TypeError(`options.tls cannot be used: ${(error as Error).message}`, { cause: error });
  }
  return checked;
}

function pemOf(name: string, value: string | Uint8Array): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  throw new TypeError(`options.tls.${name} must be PEM, as a string or bytes; received ${String(value)}`);
}

function checkWhole(name: string, value: number, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`options.${name} must be a number, received ${String(value)}`);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`options.${name} must be a whole number from ${least} to ${most}, received ${value}`);
}
