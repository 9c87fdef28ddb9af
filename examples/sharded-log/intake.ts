// How much one shard takes in before it is durable. With too much under way all its links wait, and with them the clients:
// memory is bounded by what the disk has not done yet, whoever sends how much.
import type { Link } from './link.js';

const BYTES_MAX = 8 * 2 ** 20;

export class Intake {
  readonly #links = new Set<Link>();
  #bytes = 0;

  add(link: Link): void {
    this.#links.add(link);
    if (this.#bytes >= BYTES_MAX) link.pause();
  }

  /** The link has closed. */
  remove(link: Link): void {
    this.#links.delete(link);
  }

  begin(bytes: number): void {
    const before = this.#bytes;
    this.#bytes += bytes;
    if (before < BYTES_MAX && this.#bytes >= BYTES_MAX) for (const link of this.#links) link.pause();
  }

  end(bytes: number): void {
    const before = this.#bytes;
    this.#bytes -= bytes;
    if (before >= BYTES_MAX && this.#bytes < BYTES_MAX) for (const link of this.#links) link.resume();
  }

  /** Ends all connections. */
  close(): void {
    for (const link of this.#links) link.destroy();
  }
}
