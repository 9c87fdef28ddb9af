// What a shard does for others.
import { handle } from './calls.js';
import { invalidType } from './checks.js';
import { thisShard } from './shard.js';
import { nameHandlers } from './stalls.js';
import type { Shard } from './shard.js';
import type { Service } from './peers.js';

/** Method names in the order of their numbers, once the service is there. */
let served: Promise<readonly string[]> | undefined;

/**
 * In a shard's module: what the shard does. Returns its argument, so that its type can be exported. A function is called with the shard
 * first, and may be async. Chains among the arguments of a method are the method's to release; those in its result move away.
 *
 * @throws TypeError when something else is given, or serve() is called twice.
 * @example
 * const log = serve({
 *   append(key: number, records: IoBuf): number {
 *     using mine = records;
 *     return mine.length;
 *   },
 * });
 */
export function serve<S extends Service>(service: S | ((shard: Shard) => S | Promise<S>)): S {
  if (typeof service !== 'function' && (typeof service !== 'object' || service === null)) {
    throw invalidType('service', 'an object of methods, or a function that returns one', service);
  }
  if (served !== undefined) throw new TypeError('serve() has been called in this thread before');
  served = typeof service === 'function' ? Promise.resolve(service(thisShard)).then(install) : Promise.resolve(install(service));
  // Whoever starts the group hears of a failure.
  served.catch(() => undefined);
  return service as S;
}

export function servedMethods(): Promise<readonly string[]> | undefined {
  return served;
}

function install(service: Service): readonly string[] {
  const names = Object.keys(service).filter((name) => typeof service[name] === 'function');
  names.forEach((name, method) => {
    handle(method, (args) => (service[name] as (...args: unknown[]) => unknown)(...args));
  });
  nameHandlers(names);
  return names;
}
