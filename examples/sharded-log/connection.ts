// The client's side of one TCP connection: frames out, frames in.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { IoBuf } from 'corebuf';
import { Inbox, kindOf, kinds, textOf } from './protocol.js';

export class Connection {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #inbox = new Inbox();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    socket.on('error', () => undefined); // next() throws it.
  }

  static async to(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new Connection(socket);
  }

  /** Sends the parts of one frame; waits while the server is behind. The parts must stay as they are. */
  async send(...parts: Uint8Array[]): Promise<void> {
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain');
  }

  /**
   * The next frame from the server. The caller releases it.
   *
   * @throws what the server says when it has failed, or that it has gone.
   */
  async next(): Promise<IoBuf> {
    for (;;) {
      const frame = this.#inbox.next();
      if (frame !== undefined) return checked(frame);
      const chunk = await this.#chunks.next();
      if (chunk.done === true) throw new Error('the server has closed the connection');
      this.#inbox.append(chunk.value);
    }
  }

  /** Bytes that have arrived can be read until then, also when the server has gone: the last of them may say why. */
  async close(): Promise<void> {
    if (!this.#socket.closed) {
      const closed = once(this.#socket, 'close');
      this.#socket.destroy();
      await closed;
    }
    this.#inbox.release();
  }
}

function checked(frame: IoBuf): IoBuf {
  if (kindOf(frame) !== kinds.failure) return frame;
  const message = textOf(frame);
  frame.release();
  throw new Error(message);
}
