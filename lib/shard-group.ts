// One worker_thread per shard, wired to each other and to the thread that starts them.
import { EventEmitter } from 'node:events';
import { attachDefault } from './attachment.js';
import { checkChoice, checkFunction, checkInteger } from './checks.js';
import { closed } from './errors.js';
import { Member } from './group-member.js';
import { planOf } from './group-plan.js';
import type { GroupOptions } from './group-plan.js';
import type { ReportedEvent } from './group-protocol.js';
import { PeerGroup } from './peers.js';
import type { Peers, Remote, RemoteAll } from './peers.js';
import { STATS_METHOD } from './stats.js';
import type { ShardStats } from './stats.js';

export interface ShardExit {
  /** Index in the group. */
  shard: number;
  code: number;
  /** What it died of, when it was an uncaught error. */
  error: Error | undefined;
}

/**
 * Shards that serve one module.
 *
 * @example
 * const group = await ShardGroup.start<Log>(logModule, { shards: 2 });
 * await group.on(1).append(7, IoBuf.from('record')); // 6
 * await group.close();
 */
export class ShardGroup<S> implements Peers<S> {
  readonly #members: readonly Member[];
  readonly #peers: PeerGroup;
  readonly #events = new EventEmitter();
  #closing: Promise<void> | undefined;

  private constructor(members: readonly Member[], peers: PeerGroup) {
    this.#members = members;
    this.#peers = peers;
    for (const member of members) void member.exited.then((code) => this.#ended(member, code));
  }

  /**
   * Starts the workers and resolves when each has served its module. `module` is a file URL, or a path that is taken from the current
   * directory; CommonJS or ESM.
   *
   * @throws what the module threw; ERR_SHARD_GONE when a worker ended; TypeError and RangeError for options. Then no worker is left.
   */
  static async start<S>(module: URL | string, options: GroupOptions = {}): Promise<ShardGroup<S>> {
    const plan = planOf(module, options);
    attachDefault({ spin: plan.spin });
    const members = Array.from({ length: plan.shards }, (_, index) => new Member(plan, index));
    try {
      const addresses = await Promise.all(members.map((member) => member.ready()));
      await Promise.all(members.map((member) => member.join(addresses)));
      return new ShardGroup<S>(members, new PeerGroup(addresses, undefined, plan.maxInFlight));
    } catch (error) {
      await Promise.all(members.map((member) => member.worker.terminate()));
      throw error;
    }
  }

  get size(): number {
    return this.#peers.size;
  }

  get index(): undefined {
    return undefined;
  }

  /** This thread is it. */
  get starter(): undefined {
    return undefined;
  }

  on(shard: number): Remote<S> {
    this.#checkOpen();
    return this.#peers.on(shard) as unknown as Remote<S>;
  }

  get all(): RemoteAll<S> {
    this.#checkOpen();
    return this.#peers.all as unknown as RemoteAll<S>;
  }

  /** The counters of every shard that is alive, by index in the group. */
  async stats(): Promise<ShardStats[]> {
    this.#checkOpen();
    const alive = this.#members.filter((member) => member.alive);
    return (await Promise.all(alive.map(({ index }) => this.#peers.peer(index).call(STATS_METHOD, [])))) as ShardStats[];
  }

  /**
   * 'exit' ({shard, code, error}) when a shard has ended, however; 'error' (error, shard) when it died of one; 'stall' (StallReport, shard) and
   * 'leak' (LeakReport, shard) when a shard has reported one. `shard` is an index in the group.
   */
  addListener(event: 'exit' | 'error' | ReportedEvent, listener: (...args: never[]) => void): this {
    checkChoice('event', event, ['exit', 'error', 'stall', 'leak']);
    checkFunction('listener', listener);
    // Workers send what somebody wants to hear.
    if ((event === 'stall' || event === 'leak') && this.#events.listenerCount(event) === 0) {
      for (const member of this.#members) member.hearReports(event, (report) => this.#events.emit(event, report, member.index));
    }
    this.#events.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  /** Ends one shard at once, as Worker.terminate() does. Calls that wait for it fail with ERR_SHARD_GONE. */
  async terminate(shard: number): Promise<void> {
    checkInteger('shard', shard, 0, this.size - 1);
    await this.#members[shard]!.worker.terminate();
  }

  /** Waits until no call to its shards is under way, then ends all shards. Later calls throw ERR_CLOSED; closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#peers.whenIdle();
    await this.#drain();
    for (const member of this.#members) member.tell({ type: 'end' });
    await Promise.all(this.#members.map((member) => member.exited));
  }

  /** A shard that is idle may be called by one that is not yet: it is over when two rounds in a row find the same. */
  async #drain(): Promise<void> {
    for (let before = -1, now = 0; now !== before; ) {
      before = now;
      const activities = await Promise.all(this.#members.map((member) => member.drain()));
      now = activities.reduce((sum, activity) => sum + activity, 0);
    }
  }

  #ended(member: Member, code: number): void {
    this.#peers.peer(member.index).gone();
    const { error } = member;
    this.#events.emit('exit', { shard: member.index, code, error } satisfies ShardExit);
    if (error !== undefined && this.#events.listenerCount('error') > 0) this.#events.emit('error', error, member.index);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed('group');
  }
}
