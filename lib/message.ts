// A message that has arrived, as it lies in `incoming` while C++ tells of a batch: decoded when somebody wants it.
import { native } from './native.js';
import { Decoder } from './decoder.js';
import type { Cargo } from './decoder.js';
import { incomingBytes, incomingWords } from './exchange.js';
import { Handle } from './handle.js';
import { callKey, link, unlink } from './linked-signals.js';

// Words of a record in `incoming` (native/node/mailbox.cc).
const WORDS = 8;
const KIND = 0;
const STATUS = 1;
const FROM = 2;
const TOKEN = 3;
const NUMBER = 4;
const METHOD = 5;
const LENGTH = 6;
const IN_PAYLOAD = 7;

const KIND_REQUEST = 0;

export class Message implements Cargo {
  readonly isRequest: boolean;
  readonly status: number;
  readonly from: number;
  readonly token: number;
  readonly number: number;
  readonly method: number;
  readonly #length: number;
  readonly #inPayload: boolean;
  readonly #ordinal: number;
  readonly #start: number;
  #controller: AbortController | undefined;

  /** The one at `at`, which is number `ordinal` of its batch. */
  constructor(at: number, ordinal: number) {
    const word = at / 4;
    this.isRequest = incomingWords[word + KIND] === KIND_REQUEST;
    this.status = incomingWords[word + STATUS]!;
    this.from = incomingWords[word + FROM]!;
    this.token = incomingWords[word + TOKEN]!;
    this.number = incomingWords[word + NUMBER]!;
    this.method = incomingWords[word + METHOD]!;
    this.#length = incomingWords[word + LENGTH]!;
    this.#inPayload = incomingWords[word + IN_PAYLOAD]! > 0;
    this.#ordinal = ordinal;
    this.#start = at + WORDS * 4;
  }

  /** Where the next one lies. */
  get end(): number {
    return this.#inPayload ? this.#start : (this.#start + this.#length + 7) & ~7;
  }

  /** What was sent, chains and all. Once, and during the batch. */
  value(): unknown {
    if (this.#length === 0) return undefined;
    if (!this.#inPayload) return new Decoder(incomingBytes, this.#start, this).value();
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    native.takeEncoded(this.#ordinal, bytes);
    return new Decoder(bytes, 0, this).value();
  }

  claim(length: number): Handle {
    const claimed = new Handle();
    return claimed.filled(native.claimParcel(this.#ordinal, length, claimed.slot('chain')));
  }

  signal(): AbortSignal {
    this.#controller ??= link(callKey(this.from, this.number));
    return this.#controller.signal;
  }

  /** The request has been answered. */
  unlink(): void {
    if (this.#controller !== undefined) unlink(callKey(this.from, this.number), this.#controller);
  }
}
