// The one timer of a group: how long it waits for members to join, or to sync.
import type { Clock } from './clock.js';

export class RebalanceTimer {
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  /** A group that begins waits for more members until this time, at most; 0 when it does not. */
  #initialUntil = 0;
  #joinedMeanwhile = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the group has just begun, and waits for more members though all have joined. */
  get initial(): boolean {
    return this.#initialUntil > 0;
  }

  get isRunning(): boolean {
    return this.#cancel !== undefined;
  }

  /** Calls `run` after so many milliseconds, instead of what was started before. */
  start(milliseconds: number, run: () => void): void {
    this.stop();
    this.#after(milliseconds, run);
  }

  /** Calls `run` when no member has joined for `delay` milliseconds, and `most` milliseconds from now at the latest. */
  startInitial(delay: number, most: number, run: () => void): void {
    this.stop();
    this.#initialUntil = this.#clock.now() + most;
    this.#wait(delay, run);
  }

  /** A member has joined. */
  onJoined(): void {
    this.#joinedMeanwhile = true;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#initialUntil = 0;
  }

  #wait(delay: number, run: () => void): void {
    this.#joinedMeanwhile = false;
    this.#after(Math.min(delay, this.#initialUntil - this.#clock.now()), () => {
      if (this.#joinedMeanwhile && this.#clock.now() < this.#initialUntil) this.#wait(delay, run);
      else run();
    });
  }

  #after(milliseconds: number, run: () => void): void {
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#cancel = undefined;
      run();
    });
  }
}
