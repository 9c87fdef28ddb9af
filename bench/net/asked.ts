// What servers of the suite `net` are asked for, and what they count.
const KIB = 1024;

/** The first arguments of net-server.js. */
export interface Asked {
  readonly kind: string;
  readonly mode: string;
  readonly size: number;
  readonly path: string | undefined;
}

/** Parts of an answer of `size` bytes: 64 fragments, or pieces of 128 KiB. Memory that was never written would all be one page of zeros. */
export function partsOf(size: number): Buffer[] {
  const each = size === 64 * KIB ? KIB : Math.min(size, 128 * KIB);
  return Array.from({ length: Math.ceil(size / each) }, (_, at) => Buffer.alloc(Math.min(each, size - at * each), 'corebuf'));
}

/** Counts what comes: how many requests of `size` bytes have ended. */
export class Intake {
  readonly #size: number;
  #bytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  ended(bytes: number): number {
    this.#bytes += bytes;
    const count = Math.floor(this.#bytes / this.#size);
    this.#bytes -= count * this.#size;
    return count;
  }
}
