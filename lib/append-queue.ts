// Calls of an appender that wait their turn, in the order in which they were made: appends for room, and what needs the file for itself.
import type { Appended } from './appended.js';
import { Queue } from './queue.js';

interface WaitingAppend {
  readonly data: Appended;
  readonly resolve: (start: number) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingTurn {
  readonly data: undefined;
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Waiting = WaitingAppend | WaitingTurn;

export interface QueueOwner {
  /** So many bytes may be accepted now. */
  fits(length: number): boolean;
  /** Where they begin. */
  accept(data: Appended): number;
  /** The first that waits does not fit before something was written. */
  makeRoom(): void;
  /** Who could go on has done so. */
  settled(): void;
}

export class AppendQueue {
  readonly #owner: QueueOwner;
  readonly #waiting = new Queue<Waiting>();
  #accepting = false;
  #occupied = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(owner: QueueOwner) {
    this.#owner = owner;
  }

  /** Nobody waits, and nobody has the file for himself. */
  get empty(): boolean {
    return this.#waiting.length === 0 && !this.#occupied && !this.#accepting;
  }

  /** Memory may be short, and then its listeners may append in turn: they wait. */
  accept(data: Appended): number {
    try {
      return this.#take(data);
    } finally {
      this.goOn();
    }
  }

  /** Accepts when it is the turn of `data`, which the queue releases. */
  wait(data: Appended): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data, resolve, reject });
      this.goOn();
    });
  }

  /** After everything that waits already; what is asked for later waits for it. */
  inTurn(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data: undefined, run, resolve, reject });
      this.goOn();
    });
  }

  /** Flushes, cuts and the end come one after the other. */
  alone(run: () => Promise<void>): Promise<void> {
    const running = this.#last.then(run);
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** Whoever waits and can go on does. */
  goOn(): void {
    while (!this.#accepting && !this.#occupied && this.#waiting.length > 0) {
      const next = this.#waiting.first!;
      if (next.data !== undefined && !this.#owner.fits(next.data.length)) {
        this.#owner.makeRoom();
        break;
      }
      this.#waiting.shift();
      if (next.data === undefined) this.#occupy(next);
      else this.#acceptWaiting(next);
    }
    this.#owner.settled();
  }

  rejectAll(error: unknown): void {
    for (const next of this.#waiting.takeAll()) {
      next.reject(error);
      next.data?.release();
    }
  }

  rejectAppends(error: unknown): void {
    for (const next of this.#waiting.takeAll()) {
      if (next.data === undefined) {
        this.#waiting.push(next);
        continue;
      }
      next.reject(error);
      next.data.release();
    }
    this.goOn();
  }

  #take(data: Appended): number {
    this.#accepting = true;
    try {
      return this.#owner.accept(data);
    } finally {
      this.#accepting = false;
    }
  }

  #acceptWaiting({ data, resolve, reject }: WaitingAppend): void {
    try {
      resolve(this.#take(data));
    } catch (error) {
      reject(error);
    } finally {
      data.release();
    }
  }

  #occupy({ run, resolve, reject }: WaitingTurn): void {
    this.#occupied = true;
    const free = (): void => {
      this.#occupied = false;
      this.goOn();
    };
    this.alone(run).finally(free).then(resolve, reject);
  }
}
