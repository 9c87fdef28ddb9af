// A small value that every shard has a copy of: metadata, routing tables, access lists.
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { checkString, illegalConstructor } from '../base/arguments.js';
import { decodeData, encodeData } from '../rpc/serialize.js';
import { runUncaught } from '../base/uncaught.js';
import { state } from './state.js';
import { onStored, store, storedValue } from './value-tree.js';
import { uncloneable } from '../base/uncloneable.js';

/** What the constructor must be called with. */
const KEY = Symbol('corebuf');

/** Events of a sharded value, with the arguments of their listeners. */
export interface ShardedValueEvents<T> {
  /** Another value has arrived. An error that a listener throws is an uncaught one of its thread. */
  change: [value: T, version: number];
}

/**
 * A value that is read without a call on the thread that starts groups and on all their shards, and replaced as a whole from any of them.
 *
 * Values are numbered in one order. No thread ever goes back to an older one; it may skip some, and it may read an old one until set() has
 * resolved. Every thread that learns of this reads that value or a later one. Each thread has a copy of its own, so what
 * is done to an object or array that was read is seen nowhere else. A shard that is started, also once again, has the present value before
 * its module is loaded. It is an EventEmitter (ShardedValueEvents).
 *
 * @example
 * const acl = ShardedValue.of<{ readers: string[] }>('acl', { readers: [] });
 * await acl.set({ readers: ['ann'] });
 * acl.value.readers.includes('ann'); // true
 */
export class ShardedValue<T> extends EventEmitter<ShardedValueEvents<T>> {
  /** @internal */ readonly uncloneable = uncloneable('ShardedValue', 'call ShardedValue.of(name, initial) in the other shard');
  /** Name of the value: the same on every shard. */
  readonly name: string;
  #value: T;
  #version = 0;

  private constructor(key: symbol, name: string, initial: T) {
    if (key !== KEY) throw illegalConstructor('ShardedValue', 'ShardedValue.of(name, initial)');
    super();
    this.name = name;
    this.#value = decodeData(encodeData(initial)) as T;
    this.#refresh();
    onStored(name, () => {
      this.#refresh();
      this.#tell();
    });
  }

  /**
   * Returns the value with this name: the same object for each call on one thread. This thread reads `initial` until a thread has set the value;
   * only the `initial` of the first call counts.
   *
   * @throws TypeError for an initial value that set() would refuse.
   */
  static of<T>(name: string, initial: T): ShardedValue<T> {
    checkString('name', name);
    const known = state.shardedValues.get(name);
    if (known !== undefined) return known as ShardedValue<T>;
    const made = new ShardedValue(KEY, name, initial);
    state.shardedValues.set(name, made);
    return made;
  }

  /** The value of the last version that has arrived on this thread. A property read: no call, no copy. */
  get value(): T {
    return this.#value;
  }

  /** 0 for the initial value, then 1 more with each set() of any thread. */
  get version(): number {
    return this.#version;
  }

  /**
   * Replaces the value everywhere: plain data as calls carry it, but no IoBufs and DmaBuffers. It is encoded at once, and travels to each
   * shard by itself: values are meant to be small. Resolves when every thread that lives has it, or a later one, and its listeners have
   * been called. Costs a round trip to the thread that started the group, and one from there to each shard.
   *
   * @throws TypeError for what cannot travel, and nothing has changed; ERR_OUT_OF_MEMORY, when some shards may have the value and others
   * an older one: set it once more.
   */
  async set(value: T): Promise<void> {
    await store(this.name, encodeData(value));
  }

  /** Text for console.log(): name, value and version. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[ShardedValue]', 'special');
    const { name, value, version } = this;
    return `ShardedValue ${inspect({ name, value, version }, { ...options, depth })}`;
  }

  #refresh(): void {
    const stored = storedValue(this.name);
    if (stored === undefined) return;
    this.#value = decodeData(stored.bytes) as T;
    this.#version = stored.version;
  }

  #tell(): void {
    const [value, version] = [this.#value, this.#version];
    for (const listener of this.rawListeners('change') as ((value: T, version: number) => void)[]) {
      // A listener has set it in turn, and all have been told of that.
      if (this.#version !== version) return;
      // The thread that sets the value must not get the error.
      runUncaught(() => listener.call(this, value, version));
    }
  }
}
