// Makes requests to other shards and settles their promises. C++ hands over a batch of messages in each turn (dispatch).
import { onAbort } from '../base/abort.js';
import { outOfMemory } from '../base/errors.js';
import { OUT_OF_MEMORY, SHARD_GONE } from '../native/results.js';
import { abortReason, isAborted } from '../base/signal-state.js';
import type { Handle } from '../buffer/handle.js';
import { outgoingBody, outgoingWords } from '../native/shared-areas.js';
import { rejectionAtCaller, shardGoneAtCaller } from './caller-frames.js';
import type { Root } from './encoder.js';
import { Message, STATUS_GONE, STATUS_OK } from './message.js';
import { freeNumber, takeNumber, takePendingCall, untracked } from './pending-calls.js';
import type { ShardRef, Tracker } from './pending-calls.js';
import { RemoteStream } from './remote-stream.js';
import type { Step, StreamSource } from './remote-stream.js';
import { encode, messageIn, moved, releaseEncoder, resubmit, SEND, submit, words } from './send.js';
import type { EncodedMessage } from './send.js';
import { serveRequest } from './server.js';
import { state } from './state.js';
import { SYSTEM_METHODS } from './system-methods.js';
import { countQueued, countSent, countSettled, countUnqueued, tellIdle } from './traffic.js';

/** Encoded arguments with the chains that travel with them, kept while a call waits for room. */
export interface PreparedCall {
  readonly bytes: Buffer;
  readonly handles: readonly Handle[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a request now. The chains among `args` move with it; when this throws, nothing has moved. The promise settles with the answer, or
 * fails with ERR_SHARD_GONE, or with the reason of the signal among `args`.
 */
export function request(to: ShardRef, method: number, args: readonly unknown[], tracker: Tracker, root: Root = 'arguments'): Promise<unknown> {
  const encoder = encode(args, root);
  try {
    const { signal, transfers } = encoder;
    if (signal === undefined || !isAborted(signal)) return send(to, method, messageIn(encoder), tracker, signal);
    // The chains are released as if the call had been sent and cancelled.
    for (const handle of transfers.handles) moved(handle).release();
    return Promise.reject(abortReason(signal));
  } finally {
    releaseEncoder(encoder);
  }
}

/** Encodes a call that is sent later. From now on its chains belong to the call. */
export function prepare(args: readonly unknown[]): PreparedCall {
  const encoder = encode(args, 'arguments');
  try {
    return prepared(encoder.writer.copy(), encoder.transfers.handles.map(moved), encoder.signal);
  } finally {
    releaseEncoder(encoder);
  }
}

/** Encodes a call that is sent `count` times, with chains that share those among `args`. The chains of the caller stay its own. */
export function prepareEach(args: readonly unknown[], count: number): PreparedCall[] {
  const encoder = encode(args, 'arguments', true);
  const shares: Handle[][] = [];
  try {
    while (shares.length < count) shares.push(sharesOf(encoder.transfers.handles));
    const bytes = encoder.writer.copy();
    return shares.map((handles) => prepared(bytes, handles, encoder.signal));
  } catch (error) {
    for (const share of shares.flat()) share.release();
    throw error;
  } finally {
    releaseEncoder(encoder);
  }
}

function sharesOf(originals: readonly Handle[]): Handle[] {
  const shares: Handle[] = [];
  try {
    for (const original of originals) shares.push(original.share(0, original.length, 'chain', 'a call to other shards'));
    return shares;
  } catch (error) {
    for (const share of shares) share.release();
    throw error;
  }
}

function prepared(bytes: Buffer, handles: readonly Handle[], signal: AbortSignal | undefined): PreparedCall {
  countQueued();
  return { bytes, handles, signal };
}

/** Sends a prepared call; when this throws, the call is as prepared as before. */
export function requestPrepared(to: ShardRef, method: number, call: PreparedCall, tracker: Tracker): Promise<unknown> {
  const { bytes, handles, signal } = call;
  const isLarge = bytes.length + handles.length * 4 > outgoingBody.length;
  if (!isLarge) outgoingBody.set(bytes);
  const answer = send(to, method, { large: isLarge ? bytes : undefined, length: bytes.length, handles }, tracker, signal);
  countUnqueued();
  return answer;
}

/** Releases the chains of a call that is not sent. */
export function discard(call: PreparedCall): void {
  for (const handle of call.handles) handle.release();
  countUnqueued();
}

function send(to: ShardRef, method: number, message: EncodedMessage, tracker: Tracker, signal: AbortSignal | undefined): Promise<unknown> {
  // Taken at once: a listener of pressure may make calls of its own before this one is sent.
  const number = takeNumber();
  writeAddress(to, method, number);
  let result = submit(message, SEND);
  if (result === OUT_OF_MEMORY) result = resubmit(message, SEND, () => writeAddress(to, method, number));
  if (result === OUT_OF_MEMORY) {
    freeNumber(number);
    throw outOfMemory();
  }
  for (const handle of message.handles) handle.forget();
  if (result === SHARD_GONE) {
    freeNumber(number);
    return shardGoneAtCaller(tracker, to);
  }
  countSent();
  tracker.sent();
  return new Promise((resolve, reject) => {
    state.pendingCalls[number] = { to, tracker, signal, resolve, reject, forgetSignal: undefined, abandoned: false };
    if (signal !== undefined) endWith(signal, number);
  });
}

function writeAddress(to: ShardRef, method: number, number: number): void {
  outgoingWords[words.shard] = to.id;
  outgoingWords[words.incarnation] = to.incarnation;
  outgoingWords[words.method] = method;
  outgoingWords[words.number] = number;
}

/** The signal may have been aborted while the call was being sent, by a listener of pressure. */
function endWith(signal: AbortSignal, number: number): void {
  const end = (): void => abandon(number, abortReason(signal));
  if (isAborted(signal)) end();
  else state.pendingCalls[number]!.forgetSignal = onAbort(signal, end);
}

/**
 * Gives a call up: its promise fails, and its place under `maxInFlight` is free, even if the method never returns. The number stays taken,
 * because the callee may still be told something about it.
 */
function abandon(number: number, reason: unknown): void {
  const call = state.pendingCalls[number]!;
  call.abandoned = true;
  call.reject(reason);
  tell(call.to, SYSTEM_METHODS.abort, number, reason);
  call.tracker.settled();
}

const CALLEE = untracked('the other shard');

/** Tells a callee that something has ended. A callee that cannot be told for want of memory goes on working in vain. */
function tell(to: ShardRef, method: number, number: number, reason: unknown): void {
  const ignore = (): void => undefined;
  try {
    request(to, method, [number, reason], CALLEE, 'reason').catch(ignore);
  } catch {
    // A reason that cannot travel stays here; the method sees an AbortError.
    if (reason !== undefined) tell(to, method, number, undefined);
  }
}

/** C++ calls this with a batch in `incoming`; it must not throw. */
export function dispatch(count: number): void {
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
  const call = takePendingCall(message.number);
  countSettled();
  call.forgetSignal?.();
  const streamNumber = message.streamNumber;
  if (call.abandoned) {
    // The chains of an answer that nobody takes are released with the message.
    if (streamNumber !== undefined) sourceOf(call.to, streamNumber).stop(undefined);
    return;
  }
  call.tracker.settled();
  if (message.status === STATUS_GONE) return call.resolve(shardGoneAtCaller(call.tracker, call.to));
  let value: unknown;
  try {
    value = streamNumber === undefined ? message.value() : new RemoteStream(sourceOf(call.to, streamNumber), call.signal);
  } catch (error) {
    return call.reject(error);
  }
  if (message.status === STATUS_OK) call.resolve(value);
  else call.resolve(rejectionAtCaller(value));
}

function sourceOf(to: ShardRef, number: number): StreamSource {
  return {
    next: () => request(to, SYSTEM_METHODS.nextOfStream, [number], CALLEE) as Promise<Step>,
    stop: (reason) => {
      tell(to, SYSTEM_METHODS.stopStream, number, reason);
    },
  };
}
