// inspect(): checks the options, and starts a server of the page.
import { checkInteger, checkKnownOptions, checkSignal, checkString, rangeError } from '../base/arguments.js';
import { onAbort } from '../base/abort.js';
import { PageServer } from './page-server.js';

const HOSTS = ['127.0.0.1', '::1'];

/** Options of inspect(). */
export interface InspectOptions {
  /** Port to listen on, 0 to 65535. Default 0: a free one, which `url` names. */
  port?: number;
  /** Address to listen on: '127.0.0.1', the default, or '::1'. The page is for this machine alone. */
  host?: '127.0.0.1' | '::1';
  /** Closes the inspector when it is aborted. */
  signal?: AbortSignal;
}

/** A page that shows all shards of this process while it is open. */
export interface Inspector {
  /** Address of the page, such as 'http://127.0.0.1:4711/'. */
  readonly url: string;
  /** Ends all streams of events and stops listening. Resolves when the port is free; another call waits for the same. */
  close(): Promise<void>;
  /** Calls close(), at the end of the block of an `await using` declaration. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Of `corebuf/inspector`. Serves a page that shows all shards of this process, on this machine alone: memory by size class, traffic between shards,
 * latencies, I/O, appenders, stalls with their stacks, and the ledger. `/stats.json` is one InspectorSample, `/events` sends one each second as server-sent events.
 *
 * No shard is called: a sample is read from memory that shards publish, which costs the calling thread about 0.15 ms for each shard. Nothing is
 * sampled while nobody looks. The server does not keep the process alive. Any process of this machine, of whatever user, can open the page.
 *
 * @throws Node's EADDRINUSE and EACCES; RangeError for a host that is not loopback; TypeError and RangeError for wrong options; the reason of the
 * signal
 * @example
 * const inspector = await inspect({ port: 0 });
 * inspector.url.startsWith('http://127.0.0.1:'); // true
 * await inspector.close();
 */
export async function inspect(options: InspectOptions = {}): Promise<Inspector> {
  checkKnownOptions('options', options, ['port', 'host', 'signal']);
  const { port = 0, host = '127.0.0.1', signal } = options;
  checkInteger('options.port', port, 0, 65_535);
  checkHost(host);
  checkSignal('options.signal', signal);
  signal?.throwIfAborted();
  const server = new PageServer();
  const url = await server.listen(port, host);
  if (signal !== undefined) await closeWith(server, signal);
  return new OpenInspector(url, server);
}

/** @throws the reason of the signal when it has been aborted meanwhile; the server is closed then */
async function closeWith(server: PageServer, signal: AbortSignal): Promise<void> {
  if (signal.aborted) await server.close();
  signal.throwIfAborted();
  server.onClose(onAbort(signal, () => void server.close()));
}

class OpenInspector implements Inspector {
  readonly url: string;
  readonly #server: PageServer;

  constructor(url: string, server: PageServer) {
    this.url = url;
    this.#server = server;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function checkHost(host: string): void {
  checkString('options.host', host);
  if (HOSTS.includes(host)) return;
  throw rangeError(
    `options.host must be '127.0.0.1' or '::1', because the inspector serves this machine alone; received '${host}'. ` +
      'To look from elsewhere, forward the port: ssh -L 4711:127.0.0.1:4711 MACHINE',
  );
}
