// The receiving side of one connection: the standing chain into which C++ puts what comes, and those who wait for it.
//
// The chain is an IoBuf that the program may do anything with. When it releases it or moves it away, the connection gets a new one at once
// (renew), before C++ puts in more.
//
// The end is seen once the program has consumed all that came before it, or has at least been shown it.
import { onAbort } from '../base/abort.js';
import { assert } from '../base/assert.js';
import { outOfMemory } from '../base/errors.js';
import { Fifo } from '../base/fifo.js';
import { queueMicrotask, setImmediate } from '../base/timers.js';
import { runUncaught } from '../base/uncaught.js';
import { Handle } from '../buffer/handle.js';
import { iobufFrom, iobufHandle } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants, native } from '../native/binding.js';
import type { OpenSocket } from './open-socket.js';
import { checkedSignal } from './options.js';
import type { ReadOptions } from './options.js';
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
  /** Ends the watch over its signal. */
  forget: (() => void) | undefined;
}

export class Incoming {
  readonly #socket: OpenSocket;
  readonly #highWater: number;
  /** Bytes of input at which C++ stops reading. */
  #limit: number;
  #handle: Handle;
  #input: IoBuf;
  #bytes = 0;
  /** What #bytes was when the program was shown the input last, without what it then left to be asked for. */
  #shown = 0;
  #ended = false;
  #endSeen = false;
  #handler: InputHandler | undefined;
  /** A loop reads, which asks again or destroys the connection: it sees the end when it asks. */
  #asksAgain = false;
  #waiters: Fifo<Waiter> | undefined;

  /** `input` has come to another shard before. */
  constructor(socket: OpenSocket, highWater: number, input?: IoBuf) {
    this.#socket = socket;
    this.#highWater = highWater;
    this.#limit = highWater;
    this.#handle = input === undefined ? new Handle() : iobufHandle(input);
    this.#input = input ?? iobufFrom(this.#handle);
    this.#bytes = this.#handle.length;
    socket.command(commandStart, this.#stand(), highWater);
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

  /** The peer sends no more. A program that asks for input may still be at work with the last of it, in this turn. */
  end(): void {
    this.#ended = true;
    this.#serve();
    if (this.#waiters === undefined) this.#seeEndIfShown();
    else this.#seeEndSoon();
  }

  /** Calls `handler` from now on, at most once in a turn, when input has come. */
  onInput(handler: InputHandler): void {
    this.#handler = handler;
    this.#asksAgain = false;
    if (this.length > 0 || this.#ended) queueMicrotask(() => this.#callHandler());
  }

  /** Bytes that have come and were not consumed. */
  get length(): number {
    return this.#handle.released ? 0 : this.#handle.length;
  }

  /** Length of the input when the program has been shown none of the bytes that came last: now, if there are such, otherwise with a byte more. */
  get lengthWithNews(): number {
    return this.length > 0 && this.#bytes > this.#shown ? 1 : this.length + 1;
  }

  /** Resolves with what `take` makes of the input at that moment; its errors reject the promise. `asksAgain`: a loop waits. */
  whenThere<T>(wanted: number, take: (there: boolean) => T, options?: ReadOptions, asksAgain = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const signal = options === undefined ? undefined : checkedSignal(options);
      this.#checkUsable(wanted);
      this.#asksAgain = asksAgain;
      const waiters = (this.#waiters ??= new Fifo());
      const waiter: Waiter = { wanted, take, resolve, reject, forget: undefined };
      if (waiters.length === 0 && this.length >= wanted) return this.#answer(waiter, true);
      if (signal !== undefined) waiter.forget = onAbort(signal, (reason) => this.#giveUp(waiter, reason));
      waiters.push(waiter);
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

  /** The first `length` bytes, which the caller owns from now on. The program has not been shown what is behind them. */
  takeFront(length: number): IoBuf {
    const taken = length === this.length ? this.takeAll() : this.#input.takeFront(length);
    this.#shown = this.#bytes - this.length;
    return taken;
  }

  /** The chain in `slot` has been released or moved away. */
  renew(slot: number): void {
    assert(state.inputs[slot] === this.#socket, 'an input belongs to its connection');
    state.inputs[slot] = undefined;
    this.#replace();
    if (this.#ended) this.#seeEndSoon();
  }

  pause(): void {
    this.#socket.command(commandPause);
  }

  resume(): void {
    this.#socket.command(commandResume);
  }

  /** More bytes are still to come for an input of `wanted` bytes than this shard may hold. */
  neverFits(wanted: number): boolean {
    return wanted > this.#highWater && wanted - this.length > (state.budget ||= native.memoryStats().budget);
  }

  /** C++ reads until the input is so long, but not less than `highWater`. */
  limit(bytes: number): void {
    const limit = Math.max(bytes, this.#highWater);
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#socket.command(commandLimit, limit % 2 ** 32, Math.floor(limit / 2 ** 32));
  }

  /** The connection has closed: nothing comes any more. `error` is for those who wait; without it, they see the end. */
  close(error: unknown): void {
    if (error === undefined) this.#closeRegularly();
    else for (const waiter of this.#waiters?.takeAll() ?? []) refuse(waiter, error);
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

  /** @throws the error that closed the connection; ERR_OUT_OF_MEMORY for more than this shard may hold */
  #checkUsable(wanted: number): void {
    const { failure } = this.#socket;
    if (failure !== undefined) throw failure;
    if (!this.#ended && this.neverFits(wanted)) throw outOfMemory();
  }

  #closeRegularly(): void {
    this.#ended = true;
    this.#serve();
    this.#seeEndIfShown();
  }

  #serve(): void {
    const waiters = this.#waiters;
    if (waiters !== undefined && waiters.length > 0) this.#settleWaiters(waiters);
    else this.#callHandler();
  }

  #settleWaiters(waiters: Fifo<Waiter>): void {
    for (let first = waiters.first; first !== undefined && this.#isOver(first); first = waiters.first) {
      waiters.shift();
      this.#answer(first, this.length >= first.wanted);
    }
    this.limit(waiters.first?.wanted ?? 0);
  }

  #isOver({ wanted }: Waiter): boolean {
    return this.length >= wanted || this.#ended;
  }

  #answer(waiter: Waiter, there: boolean): void {
    waiter.forget?.();
    if (!there) this.#seeEnd();
    this.#shown = this.#bytes;
    try {
      waiter.resolve(waiter.take(there));
    } catch (error) {
      waiter.reject(error);
    }
    if (this.#ended) this.#seeEndSoon();
  }

  /** Its signal was aborted. */
  #giveUp(waiter: Waiter, reason: unknown): void {
    const waiters = this.#waiters!;
    for (const each of waiters.takeAll()) if (each !== waiter) waiters.push(each);
    waiter.reject(reason);
    this.#settleWaiters(waiters);
  }

  #callHandler(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#shown = this.#bytes;
    if (this.length > 0) runUncaught(() => handler(this.#input));
    this.#seeEndIfShown();
  }

  /** Once the program has gone on with the answer that it got last. */
  #seeEndSoon(): void {
    setImmediate(() => this.#seeEndIfShown());
  }

  #seeEndIfShown(): void {
    if (!this.#ended || this.#asksAgain || this.#socket.failure !== undefined) return;
    if (this.length === 0 || this.#shown === this.#bytes) this.#seeEnd();
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
    else this.#socket.command(commandInput, this.#stand());
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

function refuse(waiter: Waiter, error: unknown): void {
  waiter.forget?.();
  waiter.reject(error);
}
