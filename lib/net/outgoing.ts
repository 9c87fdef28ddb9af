// The sending side of one connection: keeps the order of what is written, and tells how much of it the kernel has not taken.
//
//   order_  [ reserved ][ written ][ reserved ]     what waits behind a place that is not filled yet
//   tail    bytes that were copied in this turn; listed to be sent, and appended to until C++ takes them
//
// A chain that is sent is listed by its slot, and C++ moves it out of the slot before it polls. All that was written to a connection in a turn
// leaves in one system call.
import { assert } from '../base/assert.js';
import type { Bytes } from '../base/bytes.js';
import { Fifo } from '../base/fifo.js';
import { Handle } from '../buffer/handle.js';
import { appendTo, moveInto } from '../iobuf/append-bytes.js';
import { iobufHandle, isIobuf } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants } from '../native/binding.js';
import { command, flushes, obeyed } from './commands.js';
import type { OpenSocket } from './open-socket.js';

const { commandEnd, commandFinish, commandSend, commandTell } = constants;

/** Ends the placeholders of a chain that is written (Handle.endWatch). */
const WRITE = 'a write to a connection';

export type Data = IoBuf | Bytes | string;

/** A promise that waits until the kernel has the first `until` bytes. */
interface Waiter {
  readonly until: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** A place in the order of what is written. */
export interface Place {
  /** Undefined while the place is reserved and not filled. */
  chain: Handle | undefined;
}

/** How the connection ends behind what was written; 'leave': it goes to another shard. */
type Ending = 'none' | 'end' | 'finish' | 'leave';

export class Outgoing {
  readonly #socket: OpenSocket;
  readonly #highWater: number;
  /** Bytes written so far, those behind reserved places included. */
  #written = 0;
  /** Bytes handed to C++. */
  #posted = 0;
  /** Bytes that the kernel has taken, as C++ told last. */
  #sent = 0;
  /** C++ has told that the kernel did not take all, and not yet that it has. */
  #backlogged = false;
  /** flushes() when bytes were handed to C++ last. */
  #postedAt = -1;
  #needsDrain = false;
  #order: Fifo<Place> | undefined;
  #waiters: Fifo<Waiter> | undefined;
  #ending: Ending = 'none';
  #tail: Handle | undefined;
  /** obeyed() when the tail was listed last. */
  #tailListed = -1;
  /** A chain was listed behind the tail. */
  #tailPassed = false;

  constructor(socket: OpenSocket, highWater: number) {
    this.#socket = socket;
    this.#highWater = highWater;
  }

  /** Number of bytes written, whether the kernel has them or not. */
  get bytes(): number {
    return this.#written;
  }

  /** Bytes that were written and that the kernel has not taken, as far as is known now. */
  get waiting(): number {
    const flushed = !this.#backlogged && this.#postedAt !== flushes();
    return this.#written - (flushed ? this.#posted : this.#sent);
  }

  /** Nothing can be written any more. */
  get ended(): boolean {
    return this.#ending !== 'none';
  }

  /** Writes `data` behind all that was written. A chain is moved. False when so much waits that the caller should wait for 'drain'. */
  post(data: Data): boolean {
    if (this.#order === undefined) this.#send(data);
    else this.#queue({ chain: chainOf(data) });
    return this.#mayGoOn();
  }

  /** The connection has closed: `data` is released. False, as post(). */
  drop(data: Data): boolean {
    if (typeof data === 'object' && isIobuf(data)) data.release();
    return false;
  }

  /** Resolves when the kernel has all that was written so far. */
  whenSent(): Promise<void> {
    return new Promise((resolve, reject) => {
      (this.#waiters ??= new Fifo()).push({ until: this.#written, resolve, reject });
      this.#tellSent();
    });
  }

  /** A place in the order, behind all that was written. */
  reserve(): Place {
    const place: Place = { chain: undefined };
    if (!this.#socket.isClosed) this.#queue(place);
    return place;
  }

  /** Fills a reserved place. Returns as post() does. */
  fill(place: Place, data: Data | undefined): boolean {
    assert(place.chain === undefined, 'a place is filled once');
    if (this.#socket.isClosed) return data === undefined ? false : this.drop(data);
    place.chain = data === undefined ? new Handle() : chainOf(data);
    this.#written += place.chain.length;
    this.#sendQueued();
    return this.#mayGoOn();
  }

  /** Ends the sending behind all that was written: 'end' leaves the other direction open, 'finish' closes the connection. */
  end(ending: 'end' | 'finish'): void {
    if (this.#ending === 'finish' || this.#ending === 'leave') return;
    this.#ending = ending;
    if (this.#order === undefined) this.#listEnd();
  }

  /** Nothing more is written on this shard. */
  seal(): void {
    this.#ending = 'leave';
  }

  /** The kernel has `bytes` of what was handed to C++; `all` when these are all. */
  sent(bytes: number, all: boolean): void {
    this.#sent = bytes;
    this.#backlogged = !all;
    for (let first = this.#waiters?.first; first !== undefined && first.until <= bytes; first = this.#waiters?.first) {
      this.#waiters!.shift()!.resolve();
    }
    if (!this.#needsDrain || this.waiting >= this.#highWater) return;
    this.#needsDrain = false;
    this.#socket.drained();
  }

  /** The connection has closed: what was not sent is dropped. */
  close(error: unknown): void {
    for (const waiter of this.#waiters?.takeAll() ?? []) waiter.reject(error);
    for (const { chain } of this.#order?.takeAll() ?? []) chain?.release();
    this.#order = undefined;
    this.#tail?.release();
    this.#tail = undefined;
  }

  /** False when so much waits that the caller should wait for 'drain'. */
  #mayGoOn(): boolean {
    if (this.waiting < this.#highWater) return true;
    this.#needsDrain = true;
    this.#tellSent();
    return false;
  }

  #send(data: Data): void {
    const chain = typeof data === 'object' && isIobuf(data) ? iobufHandle(data) : undefined;
    if (chain === undefined) this.#copy(data as Bytes | string);
    else {
      this.#written += chain.length;
      this.#sendChain(chain);
    }
  }

  #sendChain(chain: Handle): void {
    this.#posted += chain.length;
    this.#postedAt = flushes();
    this.#tailPassed = true;
    command(commandSend, this.#socket.id, chain.slot('IoBuf'));
    chain.endWatch(WRITE);
    chain.forget();
  }

  /** Appends to the tail first, and lists it then: C++ may obey the list at any native call. */
  #copy(data: Bytes | string): void {
    const tail = this.#openTail();
    const before = tail.length;
    appendTo(tail, data);
    const added = tail.length - before;
    this.#written += added;
    this.#posted += added;
    this.#postedAt = flushes();
    if (this.#tailListed === obeyed()) return;
    command(commandSend, this.#socket.id, tail.slot('chain'));
    this.#tailListed = obeyed();
    this.#tailPassed = false;
  }

  #openTail(): Handle {
    const isListed = this.#tailListed === obeyed();
    if (this.#tail !== undefined && isListed && this.#tailPassed) {
      // It leaves its slot when the list is obeyed; what is written now comes behind the chain that has passed it.
      this.#tail.forget();
      this.#tail = undefined;
      this.#tailListed = -1;
    }
    return (this.#tail ??= new Handle());
  }

  #queue(place: Place): void {
    this.#written += place.chain?.length ?? 0;
    (this.#order ??= new Fifo()).push(place);
  }

  #sendQueued(): void {
    const order = this.#order;
    if (order === undefined) return;
    for (let first = order.first; first?.chain !== undefined; first = order.first) {
      order.shift();
      this.#sendChain(first.chain);
    }
    if (order.length > 0) return;
    this.#order = undefined;
    if (this.#needsDrain || (this.#waiters?.length ?? 0) > 0) this.#tellSent();
    if (this.#ending === 'end' || this.#ending === 'finish') this.#listEnd();
  }

  /** C++ tells when the kernel has all that it was handed; otherwise it is silent as long as the kernel takes everything at once. */
  #tellSent(): void {
    if (this.#order === undefined) command(commandTell, this.#socket.id);
  }

  #listEnd(): void {
    command(this.#ending === 'end' ? commandEnd : commandFinish, this.#socket.id);
  }
}

/** A handle with what `data` holds: the moved chain, or a copy. */
function chainOf(data: Data): Handle {
  const chain = new Handle();
  try {
    if (typeof data === 'object' && isIobuf(data)) moveInto(chain, iobufHandle(data), WRITE);
    else appendTo(chain, data);
    return chain;
  } catch (error) {
    chain.release();
    throw error;
  }
}
