// `for await` over a connection. A step costs one promise; an async generator around read() would make four.
import type { IoBuf } from '../iobuf/iobuf.js';
import type { OpenSocket } from './open-socket.js';

type Step = IteratorResult<IoBuf, undefined>;

/** Leaving it before the end destroys the connection. */
export class InputIterator implements AsyncIterableIterator<IoBuf> {
  readonly #socket: OpenSocket;
  #over = false;
  /** Made once for all steps. */
  readonly #take = (there: boolean): Step => {
    if (there) return { done: false, value: this.#socket.incoming.takeAll() };
    this.#over = true;
    return { done: true, value: undefined };
  };

  constructor(socket: OpenSocket) {
    this.#socket = socket;
  }

  /** What read() gives. @throws as read() */
  next(): Promise<Step> {
    return this.#over ? Promise.resolve({ done: true, value: undefined }) : this.#socket.incoming.whenThere(1, this.#take, undefined, true);
  }

  return(): Promise<Step> {
    if (!this.#over) this.#socket.destroy(undefined, false);
    this.#over = true;
    return this.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
