// The types of what one shard calls on others. They lie here because the shard of a thread names its group; lib/rpc makes the calls.

/** Methods that a shard serves. */
export type Service = Record<string, (...args: never[]) => unknown>;

/** Result of a call of a method that returns `R`: an async generator arrives as an async iterable. */
export type RemoteResult<R> = [Awaited<R>] extends [never] ? never : Awaited<R> extends AsyncGenerator<infer T> ? AsyncIterableIterator<T> : Awaited<R>;

/**
 * The methods of one shard. `connection` is called by the group itself; fields and methods with symbols for names are not served.
 * A method that returns a promise has the same type here, so that a generic one stays generic and overloads stay. Of other methods TypeScript
 * knows the last overload, and `unknown` for type parameters: let those return a promise.
 */
export type Remote<S> = {
  [K in keyof S as K extends 'connection' ? never : K extends string ? (S[K] extends (...a: never[]) => unknown ? K : never) : never]: S[K] extends (...a: infer A) => infer R
    ? [R, Promise<RemoteResult<R>>] extends [Promise<unknown>, R]
      ? S[K]
      : (...a: A) => Promise<RemoteResult<R>>
    : never;
};

/** The same methods, called on every shard. */
export type RemoteAll<S> = {
  [K in keyof S as K extends 'connection' ? never : K extends string ? (S[K] extends (...a: never[]) => unknown ? K : never) : never]: S[K] extends (...a: infer A) => infer R
    ? (...a: A) => Promise<RemoteResult<R>[]>
    : never;
};

/** Shards to call, by their index in the group. `Starter` is the service of the thread that started them. */
export interface Peers<S, Starter = Service> {
  /** Number of shards. */
  readonly size: number;
  /** Position of this shard among them; undefined on the thread that started the group. */
  readonly index: number | undefined;
  /**
   * The methods of the shard at `index`, 0 to size - 1. Chains among the arguments move there, those of the result move here, and everything else
   * is copied: Uint8Array, Date, Error, primitives, arrays and plain objects of these. A chain that moves stays in the memory of the shard that
   * made it until it is released. The promise fails with a TypeError that says where a value stands that cannot travel, and nothing has
   * moved then. Limits: 4096 chains and 1 GiB of other data in a call, 64 levels of nesting; an array with named properties is refused.
   *
   * Calls from one shard to one other begin in the order in which they were made, whatever their size. Beyond `maxInFlight` they wait here,
   * with their chains. An error of the method arrives with its stack there and the place where the caller awaits.
   *
   * An AbortSignal may be an argument, or the property `signal` of one; the method gets a signal that is aborted with it. When it is aborted, the
   * promise fails with its reason at once, a call that still waits is not sent, and chains of a later answer are released.
   *
   * A method that is an async generator answers with an async iterable: `for await (const row of await group.shard(1).scan())`. At most 8 values
   * are under way before they are read. Leaving the loop, an abort of the call's signal, and the end of either shard stop the generator.
   *
   * @throws RangeError for an index that is none.
   */
  shard(index: number): Remote<S>;
  /**
   * The methods of every shard. Chains among the arguments are shared with each shard, not copied, and stay the caller's. When a call fails, the
   * promise fails once all calls have ended, with the error of the lowest shard; the chains of the other results are released.
   */
  readonly all: RemoteAll<S>;
  /**
   * The methods of the thread that started the group, which calls serve() as its shards do; undefined on that thread. Calls fail with a
   * TypeError while it serves nothing, or no such method.
   */
  readonly starter: Remote<Starter> | undefined;
}
