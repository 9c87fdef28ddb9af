// What this shard does for others: requests come in, handlers run, answers go out.
import { types } from 'node:util';
import { attachDefault } from './attachment.js';
import { CorebufError, OUT_OF_MEMORY, outOfMemory } from './errors.js';
import { outgoingWords } from './exchange.js';
import { abortLinked, callKey } from './linked-signals.js';
import type { Message } from './message.js';
import { asError } from './remote-error.js';
import { countAnswered, countReceived, tellIdle } from './traffic.js';
import { done, encode, hand, handAgain, REPLY, words } from './transmission.js';

/** Methods that every shard answers, above the numbers of any service. */
export const SYSTEM_METHOD = 0x8000_0000;
/** Ends the call that has this number on the shard that says so. */
export const ABORT_METHOD = SYSTEM_METHOD + 1;
/** A method that the caller knows only by its name, the last argument (serve.ts). */
export const BY_NAME_METHOD = SYSTEM_METHOD + 2;

export const STATUS_OK = 0;
const STATUS_FAILED = 1;

/** The method that is running, plus one: read while it runs, when it runs too long (native/node/stall_reporter.cc). */
const RUNNING = 15;

export type Handler = (args: unknown[], from: number) => unknown;

const handlers = new Map<number, Handler>();

/** Answers calls of `method` on this shard; undefined takes the handler away. */
export function handle(method: number, handler: Handler | undefined): void {
  if (handler === undefined) handlers.delete(method);
  else handlers.set(method, handler);
}

export function serveRequest(message: Message): void {
  countReceived();
  let status = STATUS_OK;
  let result: unknown;
  let later = false;
  try {
    result = resultOf(message);
    later = isThenable(result);
  } catch (error) {
    status = STATUS_FAILED;
    result = error;
  }
  if (later) void answerLater(message, result as PromiseLike<unknown>);
  else answer(message, status, result);
  outgoingWords[RUNNING] = 0;
}

function resultOf(message: Message): unknown {
  const { method } = message;
  const args = message.value() as unknown[];
  const handler = handlers.get(method);
  if (handler === undefined) throw new TypeError(`shard ${attachDefault().id} serves no method number ${method}`);
  running(method);
  return handler(args, message.from);
}

/** Says which method it is, when it runs too long. */
export function running(method: number): void {
  outgoingWords[RUNNING] = method + 1;
}

/** Awaited, because what calls itself a promise may call back twice. */
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
  const { token } = message;
  countAnswered();
  message.unlink();
  const failed = reply(token, status, status === STATUS_FAILED ? asError(value) : value);
  // A result that cannot travel is the callee's mistake, and the caller must hear of it; a plain error always can.
  if (failed !== undefined && reply(token, STATUS_FAILED, asError(failed)) !== undefined) {
    reply(token, STATUS_FAILED, briefly(failed));
  }
  tellIdle();
}

/** Fits into the request itself, and has nothing of its own to say. */
function briefly(failed: unknown): Error {
  // A native one has no traps that could throw.
  const error =
    types.isNativeError(failed) && failed instanceof CorebufError && failed.code === 'ERR_OUT_OF_MEMORY'
      ? new CorebufError('ERR_OUT_OF_MEMORY', 'the callee has no memory for its answer')
      : new CorebufError('ERR_REMOTE', 'a served method threw what cannot be read');
  error.stack = '';
  return error;
}

/** The error that kept it from being sent, if any: then nothing has moved. */
function reply(token: number, status: number, value: unknown): unknown {
  try {
    const parts = encode(value, 'result');
    done(parts);
    const { parcels } = parts;
    address(token, status);
    let sent = hand(parts, REPLY);
    if (sent === OUT_OF_MEMORY) sent = handAgain(parts, REPLY, () => address(token, status));
    if (sent === OUT_OF_MEMORY) return outOfMemory();
    for (const parcel of parcels) parcel.forget();
    return undefined;
  } catch (error) {
    return error ?? new TypeError('a getter of the result threw nothing');
  }
}

function address(token: number, status: number): void {
  outgoingWords[words.token] = token;
  outgoingWords[words.status] = status;
}

handle(ABORT_METHOD, ([number, reason], from) => abortLinked(callKey(from, number as number), reason));
