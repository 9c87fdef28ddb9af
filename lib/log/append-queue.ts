// Calls of one appender that wait, in the order in which they were made: appends that wait for room, and operations that must have the log
// for themselves, such as a cut.
import { Fifo } from '../base/fifo.js';
import type { AppendSource } from './source.js';

interface WaitingAppend {
  readonly data: AppendSource;
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingOperation {
  readonly data: undefined;
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Waiting = WaitingAppend | WaitingOperation;

export interface QueueOwner {
  /** Whether `length` more bytes may be accepted now. */
  fits(length: number): boolean;
  /** Accepts all of `data` and returns the position of its first byte. */
  accept(data: AppendSource): number;
  /** The first append that waits does not fit: something must be written. */
  makeRoom(): void;
  /** drain() has done what could be done. */
  onIdle(): void;
}

export class AppendQueue {
  readonly #owner: QueueOwner;
  readonly #waiting = new Fifo<Waiting>();
  /** owner.accept() is running, which may run code of the caller's. */
  #accepting = false;
  /** An operation has the log for itself. */
  #occupied = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(owner: QueueOwner) {
    this.#owner = owner;
  }

  /** Whether an append need not wait for another call. */
  get empty(): boolean {
    return this.#waiting.length === 0 && !this.#occupied && !this.#accepting;
  }

  /** Accepts `data` at once. Pressure listeners that append meanwhile wait. */
  accept(data: AppendSource): number {
    try {
      return this.#accept(data);
    } finally {
      this.drain();
    }
  }

  /** Accepts `data` after the calls that wait, and releases it. Resolves with the position of its first byte. */
  enqueue(data: AppendSource): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data, resolve, reject });
      this.drain();
    });
  }

  /** Runs `run` after the calls that wait. Later calls wait until it has ended. */
  enqueueExclusive(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data: undefined, run, resolve, reject });
      this.drain();
    });
  }

  /** Runs `run` after the `run` before has ended. Appends go on meanwhile. */
  serialize(run: () => Promise<void>): Promise<void> {
    const running = this.#last.then(run);
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** Lets calls go on, in order, until one must wait. */
  drain(): void {
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
    this.#owner.onIdle();
  }

  rejectAll(error: unknown): void {
    for (const next of this.#waiting.takeAll()) {
      next.reject(error);
      next.data?.release();
    }
  }

  /** Rejects the appends that wait. Operations stay in the queue. */
  rejectAppends(error: unknown): void {
    for (const next of this.#waiting.takeAll()) {
      if (next.data === undefined) {
        this.#waiting.push(next);
        continue;
      }
      next.reject(error);
      next.data.release();
    }
    this.drain();
  }

  #accept(data: AppendSource): number {
    this.#accepting = true;
    try {
      return this.#owner.accept(data);
    } finally {
      this.#accepting = false;
    }
  }

  #acceptWaiting({ data, resolve, reject }: WaitingAppend): void {
    try {
      resolve(this.#accept(data));
    } catch (error) {
      reject(error);
    } finally {
      data.release();
    }
  }

  #occupy({ run, resolve, reject }: WaitingOperation): void {
    this.#occupied = true;
    const leave = (): void => {
      this.#occupied = false;
      this.drain();
    };
    this.serialize(run).finally(leave).then(resolve, reject);
  }
}
