// The command line of corebuf-broker: flags, and a file of the same settings.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BrokerOptions, TlsOptions } from './options.js';

export const help = `Usage: corebuf-broker --dir DIR [options]

Serves the Kafka API until SIGINT or SIGTERM.

  --dir DIR            folder of all data; it is made if it is not there
  --port N             port to listen on; 0: any that is free (default 9092)
  --listen ADDRESS     address to listen on (default 127.0.0.1, which other machines cannot reach)
  --advertise HOST     host that clients are told to connect to (default the address; needed when that is 0.0.0.0 or ::)
  --shards N           threads that own partitions (default 1)
  --memory SIZE        memory of all shards together (default 256MiB)
  --node-id N          id of this broker (default 0)
  --partitions N       partitions of topics that are created without a number (default 1)
  --no-auto-create     requests for metadata do not create topics
  --tls-key FILE       private key in PEM; with --tls-cert, clients must use TLS
  --tls-cert FILE      certificate in PEM
  --sasl-users FILE    JSON object of passwords by user names: clients must log in (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)
  --config FILE        JSON object with these settings by the names of Broker.start(); flags override it
  --help               print this
`;

/** A mistake on the command line or in the file; the message is one line. */
export class UsageError extends Error {}

const PORT_DEFAULT = 9092;

/** Undefined when help was asked for. @throws UsageError */
export function parseCommandLine(args: string[]): BrokerOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const flags = {
    dir: values.dir,
    port: whole('--port', values.port),
    host: values.listen,
    advertisedHost: values.advertise,
    shards: whole('--shards', values.shards),
    memory: values.memory,
    nodeId: whole('--node-id', values['node-id']),
    partitions: whole('--partitions', values.partitions),
    autoCreateTopics: values['no-auto-create'] === true ? false : undefined,
    tls: tlsFrom(values['tls-key'], values['tls-cert']),
    sasl: values['sasl-users'] === undefined ? undefined : { users: readJson('--sasl-users', values['sasl-users']) },
  };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const options = { port: PORT_DEFAULT, ...(values.config === undefined ? {} : readJson('--config', values.config)), ...given } as BrokerOptions;
  if (options.dir === undefined) throw new UsageError('--dir must be given: the folder of all data');
  return options;
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    dir: text, port: text, listen: text, advertise: text, shards: text, memory: text, 'node-id': text, partitions: text,
    'no-auto-create': flag, 'tls-key': text, 'tls-cert': text, 'sasl-users': text, config: text, help: flag,
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Node goes on with advice that does not fit here.
    throw new UsageError((error as Error).message.split(/\. |\n/, 1)[0]);
  }
}

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new UsageError(`${name} must be a whole number, not '${value}'`);
  return Number(value);
}

function tlsFrom(key: string | undefined, cert: string | undefined): TlsOptions | undefined {
  if (key === undefined && cert === undefined) return undefined;
  if (key === undefined || cert === undefined) throw new UsageError('--tls-key and --tls-cert must be given together');
  return { key: read('--tls-key', key), cert: read('--tls-cert', cert) };
}

function readJson(flag: string, path: string): Record<string, string> {
  const text = read(flag, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${flag}: ${path} is no JSON: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError(`${flag}: ${path} must hold a JSON object`);
  return value as Record<string, string>;
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: ${path} cannot be read: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}
