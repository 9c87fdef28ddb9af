// Calls to a plain worker by postMessage: one worker, one handler, and numbers that tell the answers apart. An empty call is
// its number alone, the cheapest message there is.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface Parts {
  readonly id: number;
  readonly moved: boolean;
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

export type ToEcho = number | Parts;

export class EchoWorker {
  readonly #worker = new Worker(join(__dirname, '..', 'workers', 'echo-worker.js'));
  readonly #waiting: ((message: ToEcho) => void)[] = [];
  readonly #idsFree: number[] = [];

  constructor() {
    this.#worker.on('message', (message: ToEcho) => this.#settle(message));
  }

  static async start(): Promise<EchoWorker> {
    const started = new EchoWorker();
    await once(started.#worker, 'online');
    return started;
  }

  nothing(): Promise<ToEcho> {
    const id = this.#id();
    this.#worker.postMessage(id);
    return this.#answer(id);
  }

  /** A copy there, and a copy back. */
  async copied(parts: Parts['parts']): Promise<Parts['parts']> {
    const id = this.#id();
    this.#worker.postMessage({ id, moved: false, parts } satisfies Parts);
    return ((await this.#answer(id)) as Parts).parts;
  }

  /** Moved there and moved back: the parts given are gone, those returned hold the same memory. */
  async moved(parts: Parts['parts']): Promise<Parts['parts']> {
    const id = this.#id();
    this.#worker.postMessage({ id, moved: true, parts } satisfies Parts, parts.map(({ buffer }) => buffer));
    return ((await this.#answer(id)) as Parts).parts;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #id(): number {
    return this.#idsFree.pop() ?? this.#waiting.length;
  }

  #answer(id: number): Promise<ToEcho> {
    return new Promise((resolve) => (this.#waiting[id] = resolve));
  }

  #settle(message: ToEcho): void {
    const id = typeof message === 'number' ? message : message.id;
    this.#idsFree.push(id);
    this.#waiting[id]!(message);
  }
}
