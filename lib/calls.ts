// Requests to other shards and their answers: who waits for what, and what this shard serves. One batch of messages per turn
// arrives in dispatch().
import { constants, native } from './native.js';
import { Decoder, Encoder } from './codec.js';
import { CorebufError, OUT_OF_MEMORY, outOfMemory, SHARD_GONE, shardGone } from './errors.js';
import { incomingBytes, incomingWords, outgoingBody, outgoingWords } from './exchange.js';
import { Handle } from './handle.js';
import { attachDefault } from './attachment.js';
import { relieveKeeping } from './pressure.js';
import { isError, notAnError } from './remote-error.js';

// Words of `outgoing` (native/node/message_binding.cc).
const SHARD = 0;
const INCARNATION = 1;
const METHOD = 2;
const NUMBER = 3;
const LENGTH = 4;
const PARCELS = 5;
const TOKEN = 6;
const STATUS = 7;
/** The method that is running, plus one: read while it runs, when it runs too long (native/node/stall_reporter.cc). */
const RUNNING = 15;

// Words of a record in `incoming` (native/node/mailbox.cc).
const RECORD_WORDS = 8;
const RECORD_KIND = 0;
const RECORD_STATUS = 1;
const RECORD_FROM = 2;
const RECORD_TOKEN = 3;
const RECORD_NUMBER = 4;
const RECORD_METHOD = 5;
const RECORD_LENGTH = 6;
const RECORD_IN_PAYLOAD = 7;

const KIND_REQUEST = 0;
const STATUS_OK = 0;
const STATUS_FAILED = 1;
const STATUS_GONE = 2;

export interface ShardRef {
  readonly id: number;
  readonly incarnation: number;
}

/** Methods that every shard answers, above the numbers of any service. */
export const SYSTEM_METHOD = 0x8000_0000;

export type Handler = (args: unknown[], from: number) => unknown;

/** Who counts what is under way to one shard, and knows what callers call it. */
export interface Tracker {
  readonly name: string;
  sent(): void;
  settled(): void;
}

interface Waiting {
  readonly tracker: Tracker;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const encoder = new Encoder();
/** How C++ takes an encoding: from the shared area, or from bytes of its own. */
interface Way {
  readonly shared: () => number;
  readonly large: (encoded: Uint8Array) => number;
}

const SEND: Way = { shared: () => native.send(), large: (encoded) => native.sendLarge(encoded) };
const REPLY: Way = { shared: () => native.reply(), large: (encoded) => native.replyLarge(encoded) };
const NO_PARCELS: readonly Handle[] = [];
const waiting: (Waiting | undefined)[] = [];
const numbersFree: number[] = [];
const handlers = new Map<number, Handler>();
const idleListeners: (() => void)[] = [];
let unanswered = 0;
/** Requests that were ever sent or received. */
let activity = 0;
/** Prepared, and neither sent nor discarded yet. */
let queued = 0;

/** Answers calls of `method` on this shard; undefined takes the handler away. */
export function handle(method: number, handler: Handler | undefined): void {
  if (handler === undefined) handlers.delete(method);
  else handlers.set(method, handler);
}

/** Encoded arguments with the chains that go along, kept while a call waits its turn. */
export interface Prepared {
  readonly bytes: Buffer;
  readonly parcels: Handle[];
}

/**
 * Sends a request now. The chains among `args` move with it; when this throws, nothing has moved. The promise settles with the
 * answer, or with ERR_SHARD_GONE.
 */
export function request(to: ShardRef, method: number, args: readonly unknown[], tracker: Tracker): Promise<unknown> {
  encodeArguments(args);
  const large = encoder.shared ? undefined : encoder.bytes.subarray(0, encoder.length);
  const parcels = encoder.parcels.length === 0 ? NO_PARCELS : [...encoder.parcels];
  return post(to, method, large, encoder.length, parcels, tracker);
}

/** Encodes now, to send later: from now on the chains are the call's. */
export function prepare(args: readonly unknown[]): Prepared {
  encodeArguments(args);
  const bytes = Buffer.from(encoder.bytes.subarray(0, encoder.length));
  queued++;
  return { bytes, parcels: encoder.parcels.map(moved) };
}

export function requestPrepared(to: ShardRef, method: number, prepared: Prepared, tracker: Tracker): Promise<unknown> {
  const large = prepared.bytes.length + prepared.parcels.length * 4 > outgoingBody.length;
  if (!large) outgoingBody.set(prepared.bytes);
  const answer = post(to, method, large ? prepared.bytes : undefined, prepared.bytes.length, prepared.parcels, tracker);
  queued--;
  tellIdle();
  return answer;
}

export function discard(prepared: Prepared): void {
  for (const parcel of prepared.parcels) parcel.release();
  queued--;
  tellIdle();
}

function moved(from: Handle): Handle {
  const to = new Handle();
  native.take(to.slot('chain'), from.slot('chain'));
  from.forget();
  return to;
}

function encodeArguments(args: readonly unknown[]): void {
  encoder.reset();
  encoder.value(args, 'arguments');
  if (encoder.parcels.length > constants.parcelsMax) {
    throw new CorebufError('ERR_OUT_OF_BOUNDS', `a call carries at most ${constants.parcelsMax} chains, this one has ${encoder.parcels.length}`);
  }
}

function post(
  to: ShardRef,
  method: number,
  large: Uint8Array | undefined,
  length: number,
  parcels: readonly Handle[],
  tracker: Tracker,
): Promise<unknown> {
  // Taken at once: a listener of pressure may make calls of its own before this one is sent.
  const number = numbersFree.pop() ?? waiting.push(undefined) - 1;
  const address = (): void => {
    outgoingWords[SHARD] = to.id;
    outgoingWords[INCARNATION] = to.incarnation;
    outgoingWords[METHOD] = method;
    outgoingWords[NUMBER] = number;
  };
  const sent = transmit(address, large, length, parcels, SEND);
  if (sent === OUT_OF_MEMORY) {
    numbersFree.push(number);
    throw outOfMemory();
  }
  for (const parcel of parcels) parcel.forget();
  if (sent === SHARD_GONE) {
    numbersFree.push(number);
    return Promise.reject(shardGone(tracker.name));
  }
  activity++;
  tracker.sent();
  return new Promise((resolve, reject) => {
    waiting[number] = { tracker, resolve, reject };
  });
}

/**
 * Hands an encoding and its chains to C++. When memory runs out it does so again after relief, during which listeners may have made
 * calls of their own and used the shared area.
 */
function transmit(
  address: () => void,
  large: Uint8Array | undefined,
  length: number,
  parcels: readonly Handle[],
  way: Way,
): number {
  const hand = (encoded: Uint8Array | undefined): number => {
    address();
    outgoingWords[LENGTH] = encoded === undefined ? length : 0;
    listParcels(parcels);
    return encoded === undefined ? way.shared() : way.large(encoded);
  };
  const sent = hand(large);
  if (sent !== OUT_OF_MEMORY) return sent;
  const kept = large ?? Buffer.from(outgoingBody.subarray(0, length));
  return relieveKeeping(parcels) ? hand(kept) : sent;
}

/** Their slots, growing down from the end of the area. */
function listParcels(parcels: readonly Handle[]): void {
  outgoingWords[PARCELS] = parcels.length;
  for (let at = 0; at < parcels.length; at++) outgoingWords[outgoingWords.length - 1 - at] = parcels[at]!.slot('chain');
}

/** True when this shard waits for no answer, owes none, and has no call left to send. */
export function isIdle(): boolean {
  return unanswered === 0 && queued === 0 && numbersFree.length === waiting.length;
}

/** Resolves once isIdle(), with how many requests have come and gone here by then. */
export async function whenIdle(): Promise<number> {
  if (!isIdle()) await new Promise<void>((resolve) => idleListeners.push(resolve));
  return activity;
}

function tellIdle(): void {
  if (idleListeners.length === 0 || !isIdle()) return;
  for (const listener of idleListeners.splice(0)) listener();
}

/** Called by C++ with a batch in `incoming`; must not throw. */
function dispatch(count: number): void {
  let at = 0;
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const word = at / 4;
    const inPayload = incomingWords[word + RECORD_IN_PAYLOAD]!;
    const length = incomingWords[word + RECORD_LENGTH]!;
    const start = at + RECORD_WORDS * 4;
    at = inPayload > 0 ? start : (start + length + 7) & ~7;
    const decode = (): unknown => decodeAt(ordinal, start, length, inPayload);
    if (incomingWords[word + RECORD_KIND] === KIND_REQUEST) {
      serveRequest(incomingWords[word + RECORD_TOKEN]!, incomingWords[word + RECORD_METHOD]!, incomingWords[word + RECORD_FROM]!, decode);
    } else {
      settle(incomingWords[word + RECORD_NUMBER]!, incomingWords[word + RECORD_STATUS]!, decode);
    }
  }
  tellIdle();
}

function decodeAt(ordinal: number, start: number, length: number, inPayload: number): unknown {
  if (length === 0) return undefined;
  const claim = (bytes: number): Handle => {
    const claimed = new Handle();
    return claimed.filled(native.claimParcel(ordinal, bytes, claimed.slot('chain')));
  };
  if (inPayload === 0) return new Decoder(incomingBytes, start, claim).value();
  const bytes = Buffer.allocUnsafeSlow(length);
  native.takeEncoded(ordinal, bytes);
  return new Decoder(bytes, 0, claim).value();
}

function settle(number: number, status: number, decode: () => unknown): void {
  const waiter = waiting[number]!;
  waiting[number] = undefined;
  numbersFree.push(number);
  waiter.tracker.settled();
  if (status === STATUS_GONE) return waiter.reject(shardGone(waiter.tracker.name));
  try {
    const value = decode();
    if (status === STATUS_OK) waiter.resolve(value);
    else waiter.reject(value as Error);
  } catch (error) {
    waiter.reject(error as Error);
  }
}

function serveRequest(token: number, method: number, from: number, decode: () => unknown): void {
  unanswered++;
  activity++;
  try {
    const args = decode() as unknown[];
    const handler = handlers.get(method);
    if (handler === undefined) throw new TypeError(`shard ${attachDefault().id} serves no method number ${method}`);
    outgoingWords[RUNNING] = method + 1;
    const result = handler(args, from);
    if (isThenable(result)) {
      result.then(
        (value) => answer(token, STATUS_OK, value),
        (error: unknown) => answer(token, STATUS_FAILED, error),
      );
    } else {
      answer(token, STATUS_OK, result);
    }
  } catch (error) {
    answer(token, STATUS_FAILED, error);
  }
  outgoingWords[RUNNING] = 0;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function';
}

function answer(token: number, status: number, value: unknown): void {
  unanswered--;
  const failed = reply(token, status, status === STATUS_FAILED && !isErrorLike(value) ? notAnError(value) : value);
  // A result that cannot travel is the callee's mistake, and the caller must hear of it; an error always can.
  if (failed !== undefined && reply(token, STATUS_FAILED, failed) !== undefined) {
    reply(token, STATUS_FAILED, new CorebufError('ERR_OUT_OF_MEMORY', 'the callee has no memory for its answer'), true);
  }
  tellIdle();
}

function isErrorLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isError(value);
}

/** The error that kept it from being sent, if any: then nothing has moved. */
function reply(token: number, status: number, value: unknown, brief = false): unknown {
  try {
    encoder.reset();
    if (brief) (value as Error).stack = '';
    encoder.value(value, 'result');
  } catch (error) {
    return error;
  }
  const parcels = encoder.parcels.length === 0 ? NO_PARCELS : [...encoder.parcels];
  const address = (): void => {
    outgoingWords[TOKEN] = token;
    outgoingWords[STATUS] = status;
  };
  const large = encoder.shared ? undefined : encoder.bytes.subarray(0, encoder.length);
  const sent = transmit(address, large, encoder.length, parcels, REPLY);
  if (sent === OUT_OF_MEMORY) return outOfMemory();
  for (const parcel of parcels) parcel.forget();
  return undefined;
}

native.onMessages(dispatch);
