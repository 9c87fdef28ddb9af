// Objects whose methods make calls to another shard.
import type { Remote, Service } from '../shard/remote.js';
import { hookCalled, isHook } from './hooks.js';
import type { Peer } from './peer.js';
import { SYSTEM_METHODS } from './system-methods.js';

type Call = (...args: unknown[]) => Promise<unknown>;

/** A remote with a list of methods. It is made once for each shard, because remotes are looked up for each call. */
export function remoteOf(methods: readonly string[], make: (method: number, name: string) => Call): Remote<Service> {
  const remote = Object.create(null) as Record<string, Call>;
  methods.forEach((name, method) => (remote[name] = isHook(name) ? refuse(name) : make(method, name)));
  return Object.freeze(remote);
}

/**
 * The methods of the thread that started the group. That thread may serve at any time: each name is a method, and is looked up there when it is
 * called. `then` is none, or `await` would call it.
 */
export function remoteByName(peer: Peer): Remote<Service> {
  const made = Object.create(null) as Record<string, Call>;
  return new Proxy(made, {
    get(_, name): Call | undefined {
      if (typeof name !== 'string' || name === 'then') return undefined;
      made[name] ??= isHook(name) ? refuse(name) : (...args) => peer.call(SYSTEM_METHODS.byName, [...args, name]);
      return made[name];
    },
    set: () => false,
  });
}

/** Nothing moves. */
function refuse(name: string): Call {
  return () => Promise.reject(hookCalled(name));
}
