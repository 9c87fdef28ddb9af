// What a shard does for others.
import { BY_NAME_METHOD, handle, running } from './answers.js';
import { invalidType } from './checks.js';
import { thisShard } from './shard.js';
import { nameHandlers } from './stalls.js';
import type { Shard } from './shard.js';
import type { Service } from './peers.js';

interface Served {
  readonly service: Service;
  /** In the order of their numbers. */
  readonly names: readonly string[];
}

let served: Promise<Served> | undefined;
/** Once the service is there. */
let ready: Served | undefined;

/**
 * In a shard's module: what the shard does; in the thread that starts groups, at any time: what its groups may call through
 * `thisShard.group.starter`. Returns its argument, so that its type can be exported. A function is called with the shard
 * first, and may be async. Chains among the arguments of a method are the method's to release; those in its result move away. What comes
 * piece by piece (generators, streams) cannot be a result.
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

export async function servedMethods(): Promise<readonly string[] | undefined> {
  return (await served)?.names;
}

function install(service: Service): Served {
  const names = Object.keys(service).filter((name) => typeof service[name] === 'function');
  names.forEach((name, method) => handle(method, (args) => call(service, name, args)));
  nameHandlers(names);
  ready = { service, names };
  return ready;
}

function call(service: Service, name: string, args: unknown[]): unknown {
  return (service[name] as (...args: unknown[]) => unknown)(...args);
}

handle(BY_NAME_METHOD, (args) => {
  const name = args.pop() as string;
  if (served === undefined) throw new TypeError('the thread that started the group serves nothing: it has not called serve()');
  if (ready === undefined) return served.then((found) => callByName(found, name, args));
  running(ready.names.indexOf(name));
  return callByName(ready, name, args);
});

function callByName({ service, names }: Served, name: string, args: unknown[]): unknown {
  if (!names.includes(name)) throw new TypeError(`the thread that started the group serves no method ${name}`);
  return call(service, name, args);
}
