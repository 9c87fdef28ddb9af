// Bytes of requests that clients have made this shard hold: of those that are under way, and of large ones that have begun to arrive. Above
// the limits no session starts another request, or goes on receiving a large one, and its socket is not read: the memory that clients can
// make a shard hold is bounded. Requests that only arrive get half of it, so that those that have arrived can always go on.

/** A session that receives a large request. */
export interface Holder {
  /** Number of bytes that have come from its client so far. */
  readonly bytesReceived: number;
  /** Ends the session: its client sends nothing, and others wait for the room that it holds. */
  giveUp(): void;
}

/** Milliseconds after which a client that has sent nothing loses its room to those who wait for it. */
const STALLED_MS = 5000;

export class Intake {
  readonly #most: number;
  readonly #stalledMs: number;
  #underWay = 0;
  #arriving = 0;
  readonly #waiting = new Set<() => void>();
  /** Sessions that receive a large request, and the number of bytes that had come when they were last looked at. */
  readonly #holders = new Map<Holder, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `most` in bytes. One request may exceed it when it is alone. */
  constructor(most: number, stalledMs = STALLED_MS) {
    this.#most = most;
    this.#stalledMs = stalledMs;
  }

  /** Bytes of requests that are under way. */
  get bytes(): number {
    return this.#underWay;
  }

  /** Whether no further request may start. */
  get isFull(): boolean {
    return this.#underWay >= this.#most;
  }

  /** A request starts. */
  begin(bytes: number): void {
    this.#underWay += bytes;
  }

  /** Ends what began with the same number of bytes, and lets the sessions that wait go on. */
  end(bytes: number): void {
    this.#underWay -= bytes;
    this.#letGoOn();
  }

  /** Makes room for a large request that has begun to arrive, until arrived(). False when there is none. */
  tryArrive(bytes: number, holder: Holder): boolean {
    if (this.#arriving > 0 && this.#arriving + bytes > this.#most / 2) return false;
    this.#arriving += bytes;
    this.#holders.set(holder, holder.bytesReceived);
    return true;
  }

  /** The request has arrived whole, or never will. */
  arrived(bytes: number, holder: Holder): void {
    this.#arriving -= bytes;
    this.#holders.delete(holder);
    this.#letGoOn();
  }

  /** Calls `goOn` once when there may be room. */
  wait(goOn: () => void): void {
    this.#waiting.add(goOn);
    this.#watch();
  }

  forget(goOn: () => void): void {
    this.#waiting.delete(goOn);
  }

  #letGoOn(): void {
    if (this.#waiting.size === 0) return;
    for (const goOn of [...this.#waiting]) {
      if (this.isFull) return;
      this.#waiting.delete(goOn);
      goOn();
    }
  }

  /** While somebody waits, clients that hold room must go on sending. */
  #watch(): void {
    if (this.#waiting.size === 0 || this.#holders.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#endStalled(), this.#stalledMs).unref();
  }

  #endStalled(): void {
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    for (const [holder, before] of [...this.#holders]) {
      if (holder.bytesReceived === before) holder.giveUp();
      else this.#holders.set(holder, holder.bytesReceived);
    }
    this.#watch();
  }
}
