// Requests to other shards and who waits for their answers. One batch of messages per turn arrives in dispatch().
import { native } from './native.js';
import { onAbort } from './abort.js';
import { ABORT_METHOD, serveRequest, STATUS_OK } from './answers.js';
import type { Encoder, Root } from './encoder.js';
import { OUT_OF_MEMORY, outOfMemory, SHARD_GONE, shardGone } from './errors.js';
import { outgoingBody, outgoingWords } from './exchange.js';
import type { Handle } from './handle.js';
import { Message } from './message.js';
import { countQueued, countSent, countSettled, tellIdle } from './traffic.js';
import { done, encode, hand, handAgain, moved, SEND, words } from './transmission.js';
import type { Parts } from './transmission.js';

const STATUS_GONE = 2;

export interface ShardRef {
  readonly id: number;
  readonly incarnation: number;
}

/** Who counts what is under way to one shard, and knows what callers call it. */
export interface Tracker {
  readonly name: string;
  sent(): void;
  settled(): void;
}

interface Waiting {
  readonly tracker: Tracker;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** For a call with a signal: lets go of it. */
  unhook: (() => void) | undefined;
  /** The caller has what it gets; the answer is only waited for. */
  dropped: boolean;
}

const UNCOUNTED: Tracker = { name: 'the other shard', sent: () => undefined, settled: () => undefined };
const waiting: (Waiting | undefined)[] = [];
const numbersFree: number[] = [];

/** Encoded arguments with the chains that go along, kept while a call waits its turn. */
export interface Prepared {
  readonly bytes: Buffer;
  readonly parcels: readonly Handle[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a request now. The chains among `args` move with it; when this throws, nothing has moved. The promise settles with the
 * answer, or with ERR_SHARD_GONE, or as the signal among `args` says.
 */
export function request(to: ShardRef, method: number, args: readonly unknown[], tracker: Tracker, root: Root = 'arguments'): Promise<unknown> {
  const encoder = encode(args, root);
  done(encoder);
  const { signal, parcels } = encoder;
  if (signal === undefined || !signal.aborted) return post(to, method, encoder, tracker, signal);
  // As if it had been sent: who is told of the end cannot tell how soon it came.
  for (const parcel of parcels) moved(parcel).release();
  return Promise.reject(signal.reason as Error);
}

/** Encodes now, to send later: from now on the chains are the call's. */
export function prepare(args: readonly unknown[]): Prepared {
  const encoder = encode(args, 'arguments');
  const prepared = kept(bytesIn(encoder), encoder.parcels.map(moved), encoder.signal);
  done(encoder);
  return prepared;
}

/** The same call, to be sent `count` times: with chains that share those among `args`, which stay the caller's. */
export function prepareEach(args: readonly unknown[], count: number): Prepared[] {
  const encoder = encode(args, 'arguments', true);
  const bytes = bytesIn(encoder);
  const { signal, parcels: originals } = encoder;
  done(encoder);
  const shares: Handle[][] = [];
  try {
    while (shares.length < count) shares.push(sharesOf(originals));
  } catch (error) {
    for (const share of shares.flat()) share.release();
    throw error;
  }
  return shares.map((parcels) => kept(bytes, parcels, signal));
}

function sharesOf(originals: readonly Handle[]): Handle[] {
  const shares: Handle[] = [];
  try {
    for (const original of originals) shares.push(original.share(0, original.length, 'chain'));
    return shares;
  } catch (error) {
    for (const share of shares) share.release();
    throw error;
  }
}

function kept(bytes: Buffer, parcels: readonly Handle[], signal: AbortSignal | undefined): Prepared {
  countQueued(1);
  return { bytes, parcels, signal };
}

function bytesIn({ bytes, length }: Encoder): Buffer {
  return Buffer.from(bytes.subarray(0, length));
}

export function requestPrepared(to: ShardRef, method: number, prepared: Prepared, tracker: Tracker): Promise<unknown> {
  const { bytes, parcels, signal } = prepared;
  const large = bytes.length + parcels.length * 4 > outgoingBody.length;
  if (!large) outgoingBody.set(bytes);
  const answer = post(to, method, { large: large ? bytes : undefined, length: bytes.length, parcels }, tracker, signal);
  countQueued(-1);
  return answer;
}

export function discard(prepared: Prepared): void {
  for (const parcel of prepared.parcels) parcel.release();
  countQueued(-1);
}

function post(to: ShardRef, method: number, parts: Parts, tracker: Tracker, signal: AbortSignal | undefined): Promise<unknown> {
  // Taken at once: a listener of pressure may make calls of its own before this one is sent.
  const number = numbersFree.pop() ?? waiting.push(undefined) - 1;
  const { parcels } = parts;
  address(to, method, number);
  let sent = hand(parts, SEND);
  if (sent === OUT_OF_MEMORY) sent = handAgain(parts, SEND, () => address(to, method, number));
  if (sent === OUT_OF_MEMORY) {
    numbersFree.push(number);
    throw outOfMemory();
  }
  for (const parcel of parcels) parcel.forget();
  if (sent === SHARD_GONE) {
    numbersFree.push(number);
    return Promise.reject(shardGone(tracker.name));
  }
  countSent();
  tracker.sent();
  return new Promise((resolve, reject) => {
    waiting[number] = { tracker, resolve, reject, unhook: undefined, dropped: false };
    if (signal !== undefined) watch(signal, to, number);
  });
}

function address(to: ShardRef, method: number, number: number): void {
  outgoingWords[words.shard] = to.id;
  outgoingWords[words.incarnation] = to.incarnation;
  outgoingWords[words.method] = method;
  outgoingWords[words.number] = number;
}

/** A listener of pressure may have ended it while the call was being sent. */
function watch(signal: AbortSignal, to: ShardRef, number: number): void {
  const end = (): void => abandon(to, number, signal.reason);
  if (signal.aborted) end();
  else waiting[number]!.unhook = onAbort(signal, end);
}

/** The caller waits no longer. The number stays taken, so that it means this call as long as the callee may hear of it. */
function abandon(to: ShardRef, number: number, reason: unknown): void {
  const waiter = waiting[number]!;
  waiter.dropped = true;
  waiter.reject(reason);
  tellCallee(to, number, reason);
}

/** Best effort: a callee that cannot be told works in vain. */
function tellCallee(to: ShardRef, number: number, reason: unknown): void {
  const heard = (): void => undefined;
  try {
    request(to, ABORT_METHOD, [number, reason], UNCOUNTED, 'reason').catch(heard);
  } catch {
    // A reason that cannot travel stays here, and the callee's is the usual one.
    if (reason !== undefined) tellCallee(to, number, undefined);
  }
}

/** Called by C++ with a batch in `incoming`; must not throw. */
function dispatch(count: number): void {
  let at = 0;
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const message = new Message(at, ordinal);
    at = message.end;
    if (message.isRequest) serveRequest(message);
    else settle(message);
  }
  tellIdle();
}

function settle(message: Message): void {
  const { number } = message;
  const waiter = waiting[number]!;
  waiting[number] = undefined;
  numbersFree.push(number);
  countSettled();
  waiter.unhook?.();
  waiter.tracker.settled();
  // Chains that nobody claims are released with the message.
  if (waiter.dropped) return;
  if (message.status === STATUS_GONE) return waiter.reject(shardGone(waiter.tracker.name));
  try {
    const value = message.value();
    if (message.status === STATUS_OK) waiter.resolve(value);
    else waiter.reject(value);
  } catch (error) {
    waiter.reject(error);
  }
}

native.onMessages(dispatch);
