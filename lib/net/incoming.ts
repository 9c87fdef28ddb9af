// The receiving side of one connection: the standing chain into which C++ puts what comes, and those who wait for it.
//
// The chain is an IoBuf that the program may do anything with. When it releases it or moves it away, the connection gets a new one at once
// (renew), before C++ puts in more.
import { assert } from '../base/assert.js';
import { Fifo } from '../base/fifo.js';
import { queueMicrotask } from '../base/timers.js';
import { runUncaught } from '../base/uncaught.js';
import { Handle } from '../buffer/handle.js';
import { iobufFrom, iobufHandle } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants } from '../native/binding.js';
import { command } from './commands.js';
import type { OpenSocket } from './open-socket.js';
import { state } from './state.js';

const { commandInput, commandLimit, commandPause, commandResume, commandStart } = constants;

export type InputHandler = (input: IoBuf) => void;

interface Waiter {
  /** Length of the input for which it waits. */
  readonly wanted: number;
  /** Takes from the input what the promise resolves with: with true when the input is that long, with false when it has ended before. */
  take(there: boolean): unknown;
  resolve(taken: unknown): void;
  reject(error: unknown): void;
}

export class Incoming {
  readonly #socket: OpenSocket;
  readonly #highWater: number;
  /** Bytes of input at which C++ stops reading. */
  #limit: number;
  #handle: Handle;
  #input: IoBuf;
  #bytes = 0;
  #ended = false;
  #endSeen = false;
  #handler: InputHandler | undefined;
  /** The program asks for input, so it sees the end when it asks the next time. */
  #pulled = false;
  #waiters: Fifo<Waiter> | undefined;

  /** `input` has come to another shard before. */
  constructor(socket: OpenSocket, highWater: number, input?: IoBuf) {
    this.#socket = socket;
    this.#highWater = highWater;
    this.#limit = highWater;
    this.#handle = input === undefined ? new Handle() : iobufHandle(input);
    this.#input = input ?? iobufFrom(this.#handle);
    this.#bytes = this.#handle.length;
    command(commandStart, socket.id, this.#stand(), highWater);
  }

  /** All that has come and was not consumed. */
  get input(): IoBuf {
    return this.#input;
  }

  /** Number of bytes received. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The peer sends no more, and nothing that it has sent is left. */
  get endSeen(): boolean {
    return this.#endSeen;
  }

  /** C++ has put `bytes` behind the input. The program is told if `tell`. */
  received(bytes: number, tell: boolean): void {
    this.#bytes += bytes;
    if (tell) this.#serve();
  }

  /** The peer sends no more. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** Calls `handler` from now on, at most once in a turn, when input has come. */
  onInput(handler: InputHandler): void {
    this.#handler = handler;
    this.#pulled = false;
    if (this.length > 0 || this.#ended) queueMicrotask(() => this.#callHandler());
  }

  /** Bytes that have come and were not consumed. */
  get length(): number {
    return this.#handle.released ? 0 : this.#handle.length;
  }

  /** Resolves with what `take` makes of the input at that moment; its errors reject the promise. */
  whenThere<T>(wanted: number, take: (there: boolean) => T): Promise<T> {
    const { failure } = this.#socket;
    if (failure !== undefined) return Promise.reject(failure);
    this.#pulled = true;
    return new Promise<T>((resolve, reject) => {
      const waiters = (this.#waiters ??= new Fifo());
      if (waiters.length === 0 && this.length >= wanted) return resolve(take(true));
      waiters.push({ wanted, take, resolve, reject });
      this.#settleWaiters(waiters);
    });
  }

  /** The whole input, which the caller owns from now on; what comes goes into a new one. */
  takeAll(): IoBuf {
    const taken = this.#input;
    this.#leave();
    this.#replace();
    return taken;
  }

  /** The chain in `slot` has been released or moved away. */
  renew(slot: number): void {
    assert(state.inputs[slot] === this.#socket, 'an input belongs to its connection');
    state.inputs[slot] = undefined;
    this.#replace();
  }

  pause(): void {
    command(commandPause, this.#socket.id);
  }

  resume(): void {
    command(commandResume, this.#socket.id);
  }

  /** C++ reads until the input is so long, but not less than `highWater`. */
  limit(bytes: number): void {
    const limit = Math.max(bytes, this.#highWater);
    if (limit === this.#limit) return;
    this.#limit = limit;
    command(commandLimit, this.#socket.id, limit);
  }

  /** The connection has closed: nothing comes any more. `error` is for those who wait; without it, they see the end. */
  close(error: unknown): void {
    this.#ended = true;
    if (error === undefined) this.#serve();
    else for (const waiter of this.#waiters?.takeAll() ?? []) waiter.reject(error);
    // Bytes that came before a regular end are the program's to consume.
    if (error !== undefined || this.length === 0) this.release();
    else this.#leave();
  }

  /** Gives the input back. */
  release(): void {
    if (this.#handle.released) return;
    this.#leave();
    this.#input.release();
  }

  #serve(): void {
    const waiters = this.#waiters;
    if (waiters !== undefined && waiters.length > 0) this.#settleWaiters(waiters);
    else this.#callHandler();
  }

  #settleWaiters(waiters: Fifo<Waiter>): void {
    for (let first = waiters.first; first !== undefined && this.#isOver(first); first = waiters.first) {
      waiters.shift();
      const there = this.length >= first.wanted;
      if (!there) this.#seeEnd();
      settle(first, there);
    }
    this.limit(waiters.first?.wanted ?? 0);
  }

  #isOver({ wanted }: Waiter): boolean {
    return this.length >= wanted || this.#ended;
  }

  #callHandler(): void {
    const handler = this.#handler;
    if (handler !== undefined && this.length > 0) runUncaught(() => handler(this.#input));
    if (this.#ended && !this.#pulled && (handler !== undefined || this.length === 0)) this.#seeEnd();
  }

  #seeEnd(): void {
    if (this.#endSeen) return;
    this.#endSeen = true;
    this.#socket.endSeen();
  }

  #replace(): void {
    this.#handle = new Handle();
    this.#input = iobufFrom(this.#handle);
    if (this.#socket.isClosed) this.#input.release();
    else command(commandInput, this.#socket.id, this.#stand());
  }

  /** Marks the input as the connection's. Returns its slot. */
  #stand(): number {
    const slot = this.#handle.slot('IoBuf');
    this.#handle.markInput(true);
    state.inputs[slot] = this.#socket;
    return slot;
  }

  #leave(): void {
    state.inputs[this.#handle.slot('IoBuf')] = undefined;
    this.#handle.markInput(false);
  }
}

function settle(waiter: Waiter, there: boolean): void {
  try {
    waiter.resolve(waiter.take(there));
  } catch (error) {
    waiter.reject(error);
  }
}
