// The sending side of one connection: keeps the order of what is written, and tells how much of it the kernel has not taken.
//
//   order   [ reserved ][ written ][ waiter ][ reserved ]   what waits behind a place that is not filled yet, and who waits for all before it
//   tail    bytes that were copied in this turn; listed to be sent, and appended to until C++ takes them
//
// A chain that is sent is listed by its slot, and C++ moves it out of the slot before it polls. All that was written to a connection in a turn
// leaves in one system call.
import { closed } from '../base/errors.js';
import { Fifo } from '../base/fifo.js';
import { Handle } from '../buffer/handle.js';
import { appendTo } from '../iobuf/append-bytes.js';
import { constants } from '../native/binding.js';
import { command, flushes, obeyed } from './commands.js';
import { chainOf, sourceOf, WRITE } from './data.js';
import type { Data, Source } from './data.js';
import type { OpenSocket } from './open-socket.js';

const { commandEnd, commandFinish, commandSend, commandTell } = constants;

/** A promise that waits until the kernel has the first `until` bytes. They are known when all places before it are filled. */
class Waiter {
  until = 0;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;

  constructor(resolve: () => void, reject: (error: unknown) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
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
  #order: Fifo<Place | Waiter> | undefined;
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

  /**
   * Writes `data` behind all that was written. A chain is moved. False when so much waits that the caller should wait for 'drain', or when the
   * connection has closed; `data` is released then.
   *
   * @throws ERR_CLOSED after end(); ERR_RELEASED, ERR_OUT_OF_MEMORY, and then nothing was written; TypeError for other data
   */
  post(data: Data): boolean {
    const source = sourceOf(data);
    if (this.#socket.isClosed) return drop(source);
    if (this.ended) throw closed('connection for writing');
    if (this.#order !== undefined) return this.#postBehind(chainOf(source));
    if (source instanceof Handle) this.#sendChain(source);
    else this.#copy(source);
    return this.#mayGoOn();
  }

  /** Resolves when the kernel has all that was written so far. */
  whenSent(): Promise<void> {
    const { isClosed, failure } = this.#socket;
    if (isClosed) return Promise.reject(failure ?? closed('connection'));
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(resolve, reject);
      if (this.#order === undefined) this.#wait(waiter);
      else this.#order.push(waiter);
    });
  }

  /** A place in the order, behind all that was written. */
  reserve(): Place {
    const place: Place = { chain: undefined };
    if (!this.#socket.isClosed) this.#queue(place);
    return place;
  }

  /** Fills a reserved place. Returns as post() does. @throws ERR_CLOSED when it has been filled; as post(), and then it is open still */
  fill(place: Place, data: Data): boolean {
    const source = sourceOf(data);
    if (this.#socket.isClosed) return drop(source);
    if (place.chain !== undefined) throw closed('reservation');
    const chain = chainOf(source);
    if (this.#socket.isClosed) return drop(chain);
    if (isFilled(place)) {
      chain.release();
      throw closed('reservation');
    }
    this.#put(place, chain);
    return this.#mayGoOn();
  }

  /** Gives a reserved place up; nothing is written there. */
  cancel(place: Place): void {
    if (!this.#socket.isClosed && place.chain === undefined) this.#put(place, new Handle());
  }

  /** Ends the sending behind all that was written: 'end' leaves the other direction open, 'finish' closes the connection. */
  end(ending: 'end' | 'finish'): void {
    if (this.#socket.isClosed || this.#ending === 'finish' || this.#ending === 'leave') return;
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
    for (const each of this.#order?.takeAll() ?? []) {
      if (each instanceof Waiter) each.reject(error);
      else each.chain?.release();
    }
    this.#order = undefined;
    this.#dropTail();
  }

  /** False when so much waits that the caller should wait for 'drain'. */
  #mayGoOn(): boolean {
    if (this.waiting < this.#highWater) return true;
    this.#needsDrain = true;
    if (this.#order === undefined) this.#tellSent();
    return false;
  }

  /** Listeners may have ended the connection while `chain` was made, or filled the last place before it. */
  #postBehind(chain: Handle): boolean {
    if (this.#socket.isClosed) return drop(chain);
    if (this.ended) {
      chain.release();
      throw closed('connection for writing');
    }
    if (this.#order === undefined) this.#sendChain(chain);
    else this.#queue({ chain });
    return this.#mayGoOn();
  }

  #put(place: Place, chain: Handle): void {
    place.chain = chain;
    this.#written += chain.length;
    this.#sendQueued();
  }

  #sendChain(chain: Handle): void {
    this.#written += this.#handOver(chain);
  }

  /** Returns the number of bytes. @throws ERR_RELEASED, and then nothing has happened */
  #handOver(chain: Handle): number {
    const slot = chain.slot('IoBuf');
    const { length } = chain;
    this.#posted += length;
    this.#postedAt = flushes();
    this.#tailPassed = true;
    command(commandSend, this.#socket.id, slot);
    chain.endWatch(WRITE);
    chain.forget();
    return length;
  }

  /** Appends to the tail first, and lists it then: C++ may obey the list at any native call. */
  #copy(data: Uint8Array | string): void {
    const tail = this.#openTail();
    const added = appendTo(tail, data);
    const isListed = this.#isTailListed;
    // A listener of memory pressure has ended the connection; what is in a tail that is listed leaves before the end.
    if (this.ended && !isListed) {
      this.#dropTail();
      throw closed('connection for writing');
    }
    this.#written += added;
    this.#posted += added;
    this.#postedAt = flushes();
    if (isListed) return;
    command(commandSend, this.#socket.id, tail.slot('chain'));
    this.#tailListed = obeyed();
    this.#tailPassed = false;
  }

  #openTail(): Handle {
    // What is written now comes behind the chain that has passed it.
    if (this.#isTailListed && this.#tailPassed) this.#forgetTail();
    return (this.#tail ??= new Handle());
  }

  /** C++ has not obeyed the list since, and will take what is in the tail. */
  get #isTailListed(): boolean {
    return this.#tail !== undefined && this.#tailListed === obeyed();
  }

  /** It is listed, so it leaves its slot by itself. */
  #forgetTail(): void {
    this.#tail?.forget();
    this.#tail = undefined;
    this.#tailListed = -1;
  }

  #dropTail(): void {
    if (this.#isTailListed) return this.#forgetTail();
    this.#tail?.release();
    this.#tail = undefined;
  }

  #queue(place: Place): void {
    this.#written += place.chain?.length ?? 0;
    (this.#order ??= new Fifo()).push(place);
  }

  #sendQueued(): void {
    const order = this.#order;
    if (order === undefined) return;
    for (let first = order.first; first !== undefined; first = order.first) {
      if (first instanceof Waiter) this.#wait(first);
      else if (first.chain === undefined) return;
      else this.#handOver(first.chain);
      order.shift();
    }
    this.#order = undefined;
    if (this.#needsDrain) this.#tellSent();
    if (this.#ending === 'end' || this.#ending === 'finish') this.#listEnd();
  }

  /** The waiter resolves when the kernel has all that was handed to C++ so far. */
  #wait(waiter: Waiter): void {
    waiter.until = this.#posted;
    (this.#waiters ??= new Fifo()).push(waiter);
    this.#tellSent();
  }

  /** C++ tells when the kernel has all that it was handed; otherwise it is silent as long as the kernel takes everything at once. */
  #tellSent(): void {
    this.#socket.command(commandTell);
  }

  #listEnd(): void {
    command(this.#ending === 'end' ? commandEnd : commandFinish, this.#socket.id);
  }
}

/** The connection has closed: `source` is released. False, as post(). */
function drop(source: Source): boolean {
  if (source instanceof Handle) source.release();
  return false;
}

/** A function, because the compiler takes for granted what was read before a call. */
function isFilled(place: Place): boolean {
  return place.chain !== undefined;
}
