// How much one shard takes in before it is durable. With too much under way all its sockets wait, and with them the clients:
// memory is bounded by what the disk has not done yet, whoever sends how much.
import type { Socket } from 'node:net';

const BYTES_MAX = 8 * 2 ** 20;

export class Intake {
  readonly #sockets = new Set<Socket>();
  #bytes = 0;

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#bytes >= BYTES_MAX) socket.pause();
  }

  begin(bytes: number): void {
    const before = this.#bytes;
    this.#bytes += bytes;
    if (before < BYTES_MAX && this.#bytes >= BYTES_MAX) for (const socket of this.#sockets) socket.pause();
  }

  end(bytes: number): void {
    const before = this.#bytes;
    this.#bytes -= bytes;
    if (before >= BYTES_MAX && this.#bytes < BYTES_MAX) for (const socket of this.#sockets) socket.resume();
  }

  /** Ends all connections. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
