// The number of requests that one shard may have under way to one other. docs/design/queues.md proves that no set of calls then waits for
// itself. The class is pure: it only counts, and uses neither calls nor clocks.
import { assert } from '../base/assert.js';

export class InFlightLimit {
  readonly #maxInFlight: number;
  #inFlight = 0;
  /** A limit that is set because no answer came; 0 when it is not in force. */
  #raisedTo = 0;
  /** Requests by which the limit was last raised. */
  #step = 0;
  /** A request has ended since the last raise(). */
  #ended = false;

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** True when one more request may begin. `unanswered` is the number of requests that this shard has to answer itself. */
  hasRoom(unanswered: number): boolean {
    return this.#inFlight < Math.max(this.#maxInFlight + unanswered, this.#raisedTo);
  }

  begin(): void {
    this.#inFlight++;
  }

  /** A request has been answered, or its caller has given it up. `isLast` says that nothing waits for room. */
  end(isLast: boolean): void {
    assert(this.#inFlight > 0, 'a request that ends has begun');
    this.#inFlight--;
    this.#ended = true;
    if (isLast && this.#inFlight < this.#maxInFlight) this.#raisedTo = this.#step = 0;
  }

  /**
   * Call this in equal intervals while something waits for room. When no request has ended since the last time and this shard owes answers,
   * methods may wait for each other in ways that the limit cannot know, such as a lock: one more request may then begin, twice as many the
   * next time, and so on. Returns true when there is more room.
   */
  raise(unanswered: number): boolean {
    const stuck = !this.#ended && unanswered > 0;
    this.#ended = false;
    if (!stuck) return false;
    this.#step = Math.max(1, this.#step * 2);
    this.#raisedTo = this.#inFlight + this.#step;
    return true;
  }
}
