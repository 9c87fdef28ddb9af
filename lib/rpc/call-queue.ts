// Calls to one shard that wait for room, in order, with their arguments encoded. A call whose signal is aborted leaves the queue.
import { onAbort } from '../base/abort.js';
import { Fifo } from '../base/fifo.js';
import { abortReason, isAborted } from '../base/signal-state.js';
import { discard } from './client.js';
import type { PreparedCall } from './client.js';

export interface QueuedCall {
  readonly method: number;
  readonly prepared: PreparedCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Entry extends QueuedCall {
  /** It waits no longer: it has been sent, or has failed. */
  taken: boolean;
  forgetSignal: (() => void) | undefined;
}

export class CallQueue {
  /** Entries that are taken stay here until they are the first. */
  readonly #entries = new Fifo<Entry>();
  #waiting = 0;
  readonly #onShrink: () => void;

  /** `onShrink` is called when an aborted call has left the queue. */
  constructor(onShrink: () => void) {
    this.#onShrink = onShrink;
  }

  /** Number of calls that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** True when a call may be sent at once without overtaking another, which may be on its way out of the queue. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds a call; returns the promise of its answer. */
  add(method: number, prepared: PreparedCall): Promise<unknown> {
    const { signal } = prepared;
    return new Promise<unknown>((resolve, reject) => {
      const entry: Entry = { method, prepared, resolve, reject, taken: false, forgetSignal: undefined };
      this.#entries.push(entry);
      this.#waiting++;
      if (signal === undefined) return;
      const end = (): void => {
        this.#fail(entry, abortReason(signal));
        this.#onShrink();
      };
      if (isAborted(signal)) end();
      else entry.forgetSignal = onAbort(signal, end);
    });
  }

  /**
   * Calls `send` with the first call that waits. The call keeps its place meanwhile: a listener of pressure may make another call, which
   * must come behind it.
   */
  sendFirst(send: (call: QueuedCall) => void): void {
    const entry = this.#entries.first!;
    if (this.#take(entry)) send(entry);
    this.#entries.shift();
  }

  /** All calls that wait fail. */
  failAll(error: unknown): void {
    for (const entry of this.#entries.takeAll()) this.#fail(entry, error);
  }

  #fail(entry: Entry, error: unknown): void {
    if (!this.#take(entry)) return;
    discard(entry.prepared);
    entry.reject(error);
  }

  #take(entry: Entry): boolean {
    if (entry.taken) return false;
    entry.taken = true;
    entry.forgetSignal?.();
    this.#waiting--;
    return true;
  }
}
