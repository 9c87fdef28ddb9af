// Answers requests of other shards: a request comes in, its handler runs, the answer goes out.
import { AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';
import { typeError } from '../base/arguments.js';
import { CorebufError, outOfMemory } from '../base/errors.js';
import { OUT_OF_MEMORY } from '../native/results.js';
import { outgoingWords } from '../native/shared-areas.js';
import { constants } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { asError } from './error-codec.js';
import { STATUS_FAILED, STATUS_OK } from './message.js';
import type { Message } from './message.js';
import { encode, messageIn, releaseEncoder, REPLY, resubmit, submit, words } from './send.js';
import type { EncodedMessage } from './send.js';
import { isAsyncGenerator, openStream } from './served-streams.js';
import { state } from './state.js';
import { countAnswered, countReceived, tellIdle } from './traffic.js';

/** Number of the method that is running, plus one: C++ reads it when the method runs too long (native/turn/stall_reporter.cc). */
const RUNNING = constants.outgoingRunning;

/** Answers one method. `from` is the number of the calling shard. */
export interface Handler {
  (args: unknown[], from: number): unknown;
  /** Copies the chains among the arguments into this shard's memory. */
  adopts?: boolean;
}

/** Answers calls of `method` on this shard from now on. */
export function handle(method: number, handler: Handler): void {
  state.handlers.set(method, handler);
}

export function serveRequest(message: Message): void {
  countReceived();
  let status = STATUS_OK;
  let result: unknown;
  let later = false;
  try {
    // A context of its own: a store that the method enters (AsyncLocalStorage.enterWith) is not seen by the next call.
    result = new AsyncResource('CorebufCall', CONTEXT).runInAsyncScope(resultOf, undefined, message);
    later = isThenable(result);
  } catch (error) {
    status = STATUS_FAILED;
    result = error;
  }
  if (later) void answerLater(message, result as PromiseLike<unknown>);
  else answer(message, status, result);
  outgoingWords[RUNNING] = 0;
}

/** No collection need look after the context: nothing is left of it when the method has returned. */
const CONTEXT = { requireManualDestroy: true } as const;

function resultOf(message: Message): unknown {
  const { method } = message;
  const handler = state.handlers.get(method);
  if (handler === undefined) throw typeError(`shard ${attachDefault().id} serves no method with the number ${method}`);
  message.adopts = handler.adopts === true;
  const args = message.value() as unknown[];
  markRunning(method);
  return handler(args, message.from);
}

/** Reports of stalls name this method from now on. */
export function markRunning(method: number): void {
  outgoingWords[RUNNING] = method + 1;
}

/** The result is awaited, because a thenable may call back twice. */
async function answerLater(message: Message, promised: PromiseLike<unknown>): Promise<void> {
  let value: unknown;
  try {
    value = await promised;
  } catch (error) {
    return answer(message, STATUS_FAILED, error);
  }
  answer(message, STATUS_OK, value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function';
}

function answer(message: Message, status: number, value: unknown): void {
  const { requestToken } = message;
  countAnswered();
  const controller = message.unlink();
  const failure = reply(requestToken, status, status === STATUS_FAILED ? asError(value) : resultToSend(value, message.from, controller));
  // A result that cannot travel is a mistake of the callee, and the caller is told. A plain error can always travel.
  if (failure !== undefined && reply(requestToken, STATUS_FAILED, asError(failure)) !== undefined) {
    reply(requestToken, STATUS_FAILED, smallError(failure));
  }
  tellIdle();
}

function resultToSend(value: unknown, reader: number, controller: AbortController | undefined): unknown {
  return isAsyncGenerator(value) ? openStream(value, reader, controller) : value;
}

/** An error that fits into the request's own memory, and of which no part can throw. */
function smallError(failure: unknown): Error {
  // The properties of a native error that is no proxy have no traps.
  const error =
    types.isNativeError(failure) && failure instanceof CorebufError && failure.code === 'ERR_OUT_OF_MEMORY'
      ? new CorebufError('ERR_OUT_OF_MEMORY', 'the called shard has no memory for its answer')
      : new CorebufError('ERR_REMOTE', 'a served method threw a value that cannot be read');
  error.stack = '';
  return error;
}

/** Returns the error that kept the answer from being sent, if any: then nothing has moved. */
function reply(requestToken: number, status: number, value: unknown): unknown {
  try {
    const encoder = encode(value, 'result');
    try {
      return submitReply(requestToken, status, messageIn(encoder));
    } finally {
      releaseEncoder(encoder);
    }
  } catch (error) {
    return error ?? new TypeError('a getter of the result threw undefined');
  }
}

function submitReply(requestToken: number, status: number, message: EncodedMessage): unknown {
  writeAddress(requestToken, status);
  let result = submit(message, REPLY);
  if (result === OUT_OF_MEMORY) result = resubmit(message, REPLY, () => writeAddress(requestToken, status));
  if (result === OUT_OF_MEMORY) return outOfMemory();
  for (const handle of message.handles) handle.forget();
  return undefined;
}

function writeAddress(requestToken: number, status: number): void {
  outgoingWords[words.token] = requestToken;
  outgoingWords[words.status] = status;
}
