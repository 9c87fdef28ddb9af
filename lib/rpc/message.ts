// A message that has arrived, in the area `incoming`, which holds a batch of messages while C++ calls dispatch(). Its value is decoded on demand.
import { constants, native } from '../native/binding.js';
import { Decoder } from './decoder.js';
import type { Cargo } from './decoder.js';
import { incomingBytes, incomingWords } from '../native/shared-areas.js';
import { Handle } from '../buffer/handle.js';
import { check } from '../native/results.js';
import { callKey, link, unlink } from './remote-signals.js';
import { tags } from './wire-format.js';

// Words of a record in `incoming` (native/turn/records.h).
const {
  messageWords: WORDS,
  messageAlignment: ALIGNMENT,
  messageKind: KIND,
  messageStatus: STATUS,
  messageFrom: FROM,
  messageToken: TOKEN,
  messageNumber: NUMBER,
  messageMethod: METHOD,
  messageLength: LENGTH,
  messageInPayload: IN_PAYLOAD,
  requestKind: KIND_REQUEST,
} = constants;

export const STATUS_OK = constants.statusOk;
export const STATUS_FAILED = constants.statusFailed;
/** The callee has ended. */
export const STATUS_GONE = constants.statusGone;

export class Message implements Cargo {
  readonly isRequest: boolean;
  readonly status: number;
  /** Number of the shard that sent the message. */
  readonly from: number;
  /** Number of a request in C++, until it is answered. */
  readonly requestToken: number;
  /** Number of the call, on the shard that made it. */
  readonly number: number;
  readonly method: number;
  /** Whether chains are copied into this shard's memory as they are decoded. */
  adopts = false;
  readonly #length: number;
  readonly #inPayload: boolean;
  readonly #ordinal: number;
  readonly #start: number;
  #controller: AbortController | undefined;
  #claimed: Handle[] | undefined;

  /** The message at byte `at` of the batch, and its position among the others. */
  constructor(at: number, ordinal: number) {
    const word = at / 4;
    this.isRequest = incomingWords[word + KIND] === KIND_REQUEST;
    this.status = incomingWords[word + STATUS]!;
    this.from = incomingWords[word + FROM]!;
    this.requestToken = incomingWords[word + TOKEN]!;
    this.number = incomingWords[word + NUMBER]!;
    this.method = incomingWords[word + METHOD]!;
    this.#length = incomingWords[word + LENGTH]!;
    this.#inPayload = incomingWords[word + IN_PAYLOAD]! > 0;
    this.#ordinal = ordinal;
    this.#start = at + WORDS * 4;
  }

  /** Byte of the batch where the next message begins. */
  get end(): number {
    return this.#inPayload ? this.#start : (this.#start + this.#length + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** The value that was sent, with its chains. It can be taken once, during the batch. When this throws, no chain is left over. */
  value(): unknown {
    if (this.#length === 0) return undefined;
    try {
      return this.#decoder().value();
    } catch (error) {
      for (const handle of this.#claimed ?? []) handle.release();
      throw error;
    }
  }

  /** Number of the stream that this answer is; undefined for all other answers. */
  get streamNumber(): number | undefined {
    if (this.status !== STATUS_OK || this.#length === 0 || this.#inPayload || incomingBytes[this.#start] !== tags.stream) return undefined;
    return incomingBytes.readDoubleLE(this.#start + 1);
  }

  #decoder(): Decoder {
    if (!this.#inPayload) return new Decoder(incomingBytes, this.#start, this);
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    check(native.takeEncoded(this.#ordinal, bytes));
    return new Decoder(bytes, 0, this);
  }

  claim(length: number): Handle {
    const handle = new Handle();
    handle.filled(native.claimTransfer(this.#ordinal, length, handle.slot('chain')));
    (this.#claimed ??= []).push(handle);
    return handle;
  }

  signal(): AbortSignal {
    this.#controller ??= link(callKey(this.from, this.number));
    return this.#controller.signal;
  }

  /** Forgets the signal that came with the request, which is answered now, and returns its controller. */
  unlink(): AbortController | undefined {
    if (this.#controller !== undefined) unlink(callKey(this.from, this.number), this.#controller);
    return this.#controller;
  }
}
