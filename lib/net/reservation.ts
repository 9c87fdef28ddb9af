// A place in the order of what a connection writes.
import { illegalConstructor } from '../base/arguments.js';
import type { Bytes } from '../base/bytes.js';
import { closed } from '../base/errors.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import type { Place } from './outgoing.js';
import { Outgoing } from './outgoing.js';

/**
 * A place in the order of what is written: everything that is written later leaves behind it. Answers that are ready in another order than
 * their requests came in so leave in the right one. Each must be filled or cancelled, because what is written later waits for it.
 */
export class Reservation {
  readonly #outgoing: Outgoing;
  #place: Place | undefined;

  /** @internal */
  constructor(outgoing: Outgoing) {
    if (!(outgoing instanceof Outgoing)) throw illegalConstructor('Reservation', 'connection.reserve()');
    this.#outgoing = outgoing;
    this.#place = outgoing.reserve();
  }

  /**
   * Writes `data` at this place; a chain is moved. False when `writeHighWater` bytes or more wait to be sent, as with post(): 'drain' comes when
   * there are fewer. False as well, and the data is released, when the connection has closed.
   *
   * @throws ERR_CLOSED when the place has been filled or cancelled; ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError for other data, and then the
   * place is open still
   */
  fill(data: IoBuf | Bytes | string): boolean {
    if (this.#place === undefined) throw closed('reservation');
    const mayGoOn = this.#outgoing.fill(this.#place, data);
    this.#place = undefined;
    return mayGoOn;
  }

  /** Gives the place up; nothing is written there. Harmless when it has been filled. */
  cancel(): void {
    if (this.#place !== undefined) this.#outgoing.cancel(this.#place);
    this.#place = undefined;
  }

  /** As cancel(), for `using`. */
  [Symbol.dispose](): void {
    this.cancel();
  }
}
