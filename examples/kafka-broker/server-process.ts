// The broker in a process of its own, seen from the demo.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Address, BrokerOptions } from 'corebuf-broker';
import type { FromServer, ServerStats } from './server.js';

export class ServerProcess {
  readonly address: Address;
  /** Address of the page of its inspector. */
  readonly inspector: string | undefined;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: Address, inspector: string | undefined) {
    this.#child = child;
    this.address = address;
    this.inspector = inspector;
  }

  /** `engine` is the I/O engine; undefined: the best that there is. With `inspectPort` it has an inspector. @throws when the broker does not start */
  static async start(options: BrokerOptions, engine: string | undefined, inspectPort: number | undefined): Promise<ServerProcess> {
    const env = engine === undefined ? process.env : { ...process.env, COREBUF_ENGINE: engine };
    const child = fork(join(__dirname, 'server.js'), [JSON.stringify(options), ...(inspectPort === undefined ? [] : [String(inspectPort)])], { env });
    const message = await nextMessage(child);
    if ('address' in message) return new ServerProcess(child, message.address, message.inspector);
    throw new Error(`the broker does not start: ${'error' in message ? message.error : 'it sent something else'}`);
  }

  async stats(): Promise<ServerStats> {
    const answer = nextMessage(this.#child);
    this.#child.send('stats');
    const message = await answer;
    if ('stats' in message) return message;
    throw new Error('the broker has sent no counters');
  }

  /** With SIGKILL the process can do nothing any more; without it, requests under way end first. */
  async end({ kill }: { kill: boolean }): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (kill) this.#child.kill('SIGKILL');
    else this.#child.disconnect();
    await exited;
  }
}

async function nextMessage(child: ChildProcess): Promise<FromServer> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]: unknown[]) => {
    throw new Error(`the process of the broker has ended with ${String(signal ?? code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as [FromServer];
    return message;
  } finally {
    ended.abort();
    exit.catch(() => undefined);
  }
}
