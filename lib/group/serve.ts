// The methods that a thread answers calls of.
import { checkChoice, checkNames, checkOptions, invalidType, typeError } from '../base/arguments.js';
import { isHook } from '../rpc/hooks.js';
import { handle, markRunning } from '../rpc/server.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import type { Service } from '../shard/remote.js';
import { nameHandlers } from '../shard/stalls.js';
import { thisShard } from '../shard/this-shard.js';
import type { Shard } from '../shard/this-shard.js';
import { watched } from './connection-drain.js';
import { state } from './state.js';

/** How a service is called. */
export interface ServeOptions {
  /**
   * 'lent': the chains among the arguments are those of the caller, in the caller's memory, and no byte is copied. 'adopt': they are copied
   * into this shard's memory before the method is called, and the caller's memory is free again: for methods that keep their arguments.
   * Default 'lent'.
   */
  arguments?: 'lent' | 'adopt';
}

export interface Served {
  /** The object that was served. */
  readonly target: object;
  /** The same as connections are given to it. */
  readonly service: object;
  /** Names of the methods, in the order of their numbers. */
  readonly names: readonly string[];
}

/**
 * Says what this thread does for others. A shard's module calls it once. A thread that starts groups may call it at any time: its groups then
 * reach it through `thisShard.group.starter`. Returns its argument, so that its type can be exported.
 *
 * `service` is an object of methods or an instance of a class, or a function that returns one, now or as a promise, and is called with this
 * shard; its parameter can be a `Shard<LogShard>`, where `LogShard` is the service of the group, so that `shard.group` has types.
 *
 * The group calls some methods itself: `connection` with each connection (ShardGroup.listen()), and when it is closed `[Symbol.asyncDispose]()`, or
 * else `close()`, which is awaited. Calls of `connection` from other shards fail with a TypeError. A `close()` can be called as any method, and is
 * called once more when the group closes.
 *
 * Chains among the arguments of a method belong to the method: it must release them, or return them. Chains in a result move to the caller. A
 * chain stays in the memory of the shard that made it: a method that keeps one keeps the caller's memory, unless `options.arguments` is
 * 'adopt'. A Uint8Array among the arguments arrives as a Buffer of the method's own, whose slice() shares memory where that of a Uint8Array copies. A
 * method that is an async generator answers with an async iterable. AsyncLocalStorage begins empty in each call.
 *
 * @throws TypeError when `service` is something else, has no methods, or has one named `then`; or when serve() has been called before.
 * @example
 * const log = serve({
 *   append(key: number, records: IoBuf): number {
 *     using mine = records;
 *     return mine.length;
 *   },
 * });
 */
export function serve<S extends Service | object, Siblings = unknown, Starter = Service>(
  service: S | ((shard: Shard<Siblings, Starter>) => S | Promise<S>),
  options: ServeOptions = {},
): S {
  if (typeof service !== 'function' && (typeof service !== 'object' || service === null)) {
    throw invalidType('service', 'an object of methods, or a function that returns one', service);
  }
  checkOptions('options', options);
  checkNames('options', options, ['arguments']);
  checkChoice('options.arguments', options.arguments, ['lent', 'adopt']);
  if (state.served !== undefined) throw typeError('serve() must be called once in a thread; it has been called before');
  const adopts = options.arguments === 'adopt';
  const isFactory = typeof service === 'function';
  state.served = isFactory ? Promise.resolve((service as (shard: Shard) => S | Promise<S>)(thisShard)).then((made) => take(made, adopts)) : Promise.resolve(take(service, adopts));
  // The thread that starts the group is told of a failure.
  state.served.catch(() => undefined);
  return service as S;
}

/** Names of the methods, once the service is there; undefined when serve() has not been called. */
export async function servedMethods(): Promise<readonly string[] | undefined> {
  return (await state.served)?.names;
}

/** Runs the clean-up of the service, if there is one. */
export async function closeService(): Promise<void> {
  const service = state.ready?.target as Partial<Record<string | symbol, unknown>> | undefined;
  const close = service?.[Symbol.asyncDispose] ?? service?.['close'];
  if (typeof close === 'function') await (close as () => unknown).call(service);
}

function take(service: unknown, adopts: boolean): Served {
  if (typeof service !== 'object' || service === null) throw invalidType('service', 'an object of methods', service);
  const names = methodsOf(service);
  if (names.length === 0) throw typeError('service must have at least one method; received an object without any');
  if (names.includes('then')) throw typeError("service must have no method named 'then': an object with one would be taken for a promise");
  for (const [method, name] of names.entries()) {
    if (!isHook(name)) handle(method, Object.assign((args: unknown[]) => call(service, name, args), { adopts }));
  }
  handle(SYSTEM_METHODS.byName, Object.assign(callByName, { adopts }));
  nameHandlers(names);
  state.ready = { target: service, service: watched(service), names };
  return state.ready;
}

/** Own methods first, then those of the classes, as far as they are not of Object itself. Getters are not run. */
function methodsOf(service: object): string[] {
  const names = new Set<string>();
  for (let from: object | null = service; from !== null && !isRoot(from); from = Object.getPrototypeOf(from) as object | null) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const { value, enumerable } = Object.getOwnPropertyDescriptor(from, name) as { value?: unknown; enumerable: boolean };
      const isOfClass = from !== service && name !== 'constructor';
      if (typeof value === 'function' && (isOfClass || enumerable)) names.add(name);
    }
  }
  return [...names];
}

/** Object.prototype, of any realm. */
function isRoot(object: object): boolean {
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'isPrototypeOf');
}

function call(service: object, name: string, args: unknown[]): unknown {
  return (service as Record<string, (...args: unknown[]) => unknown>)[name]!(...args);
}

function callByName(args: unknown[]): unknown {
  const name = args.pop() as string;
  if (state.served === undefined) throw typeError('the thread that started the group serves nothing: it has not called serve()');
  if (state.ready === undefined) return state.served.then((served) => callNamed(served, name, args));
  markRunning(state.ready.names.indexOf(name));
  return callNamed(state.ready, name, args);
}

function callNamed({ target, names }: Served, name: string, args: unknown[]): unknown {
  if (!names.includes(name)) throw typeError(`the thread that started the group serves no method '${name}'`);
  return call(target, name, args);
}

/** Answers calls by name, also before serve() is called. */
export function installServe(): void {
  handle(SYSTEM_METHODS.byName, callByName);
}
