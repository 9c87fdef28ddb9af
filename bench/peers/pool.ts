// Calls to one thread of a worker pool, as many at a time as it takes: the best-kept of the pools.
import { join } from 'node:path';
import { Piscina } from 'piscina';

export class PoolWorker {
  readonly #pool: Piscina<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;

  constructor(inFlight: number) {
    this.#pool = new Piscina({
      filename: join(__dirname, '..', 'workers', 'pool-worker.js'),
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: inFlight,
    });
  }

  /** Moved there and moved back. */
  moved(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#pool.run(bytes, { name: 'back', transferList: [bytes.buffer] });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
