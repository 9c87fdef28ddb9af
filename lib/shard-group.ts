// One worker_thread per shard, wired to each other and to the thread that starts them.
import { EventEmitter } from 'node:events';
import { attachDefault } from './attachment.js';
import { checkChoice, checkFunction, checkInteger } from './checks.js';
import { closed, CorebufError, shardGone } from './errors.js';
import { Member } from './group-member.js';
import { guarded } from './guarded.js';
import { planOf } from './group-plan.js';
import type { GroupOptions, Plan } from './group-plan.js';
import type { ReportedEvent } from './group-protocol.js';
import { PeerGroup } from './peers.js';
import type { PeerAddress, Peers, Remote, RemoteAll } from './peers.js';
import { Restarts } from './restarts.js';
import { STATS_METHOD } from './stats.js';
import type { ShardStats } from './stats.js';

export interface ShardExit {
  /** Index in the group. */
  shard: number;
  code: number;
  /** What it died of, when it was an uncaught error. */
  error: Error | undefined;
  /** It will be started again (GroupOptions.restart). */
  restarting: boolean;
}

type GroupEvent = 'exit' | 'error' | 'restart' | ReportedEvent;

/**
 * Shards that serve one module.
 *
 * @example
 * const group = await ShardGroup.start<Log>(logModule, { shards: 2 });
 * await group.on(1).append(7, IoBuf.from('record')); // 6
 * await group.close();
 */
export class ShardGroup<S> implements Peers<S> {
  readonly #plan: Plan;
  /** By index: those that live, and those that were the last to. */
  readonly #members: Member[];
  readonly #peers: PeerGroup;
  readonly #events = new EventEmitter();
  readonly #restarts: Restarts | undefined;
  /** Restarts that are put off, by index. */
  readonly #putOff = new Map<number, NodeJS.Timeout>();
  /** What restart() has been asked for, by index, until terminate() says otherwise. */
  readonly #wanted = new Map<number, Promise<void>>();
  #closing: Promise<void> | undefined;

  private constructor(plan: Plan, members: Member[], peers: PeerGroup) {
    this.#plan = plan;
    this.#members = members;
    this.#peers = peers;
    this.#restarts = plan.restart === undefined ? undefined : new Restarts(plan.restart);
    for (const member of members) this.#watch(member);
  }

  /**
   * Starts the workers and resolves when each has served its module. `module` is a file URL, or a path that is taken from the current
   * directory; CommonJS or ESM.
   *
   * @throws what the module threw; ERR_SHARD_GONE when a worker ended, which `restart` does not change; TypeError and RangeError for options.
   * Then no worker is left.
   */
  static async start<S>(module: URL | string, options: GroupOptions = {}): Promise<ShardGroup<S>> {
    const plan = planOf(module, options);
    attachDefault({ spin: plan.spin });
    const members: Member[] = [];
    try {
      for (let index = 0; index < plan.shards; index++) members.push(new Member(plan, index));
      const addresses = await Promise.all(members.map((member) => member.ready()));
      await Promise.all(members.map((member) => member.join(addresses)));
      return new ShardGroup<S>(plan, members, new PeerGroup(addresses, undefined, plan.maxInFlight));
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
    const alive = this.#members.filter((member) => member.alive && member.joined);
    return (await Promise.all(alive.map(({ index }) => this.#peers.peer(index).call(STATS_METHOD, [])))) as ShardStats[];
  }

  /**
   * 'exit' ({shard, code, error, restarting}) when a shard has ended, however; 'error' (error, shard) when it died of one, and when it has been
   * started again so often that it stays gone; 'restart' (shard) when it is served again, and all its siblings that live call the new
   * one; 'stall' (StallReport, shard) and 'leak' (LeakReport, shard) when a shard has reported one. `shard` is an index in the group.
   */
  addListener(event: GroupEvent, listener: (...args: never[]) => void): this {
    checkChoice('event', event, ['exit', 'error', 'restart', 'stall', 'leak']);
    checkFunction('listener', listener);
    // Workers send what somebody wants to hear.
    if ((event === 'stall' || event === 'leak') && this.#events.listenerCount(event) === 0) {
      for (const member of this.#members) this.#hearReports(member, event);
    }
    this.#events.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  #hearReports(member: Member, event: ReportedEvent): void {
    member.hearReports(event, (report) => this.#events.emit(event, report, member.index));
  }

  /** Ends one shard at once, as Worker.terminate() does, for good. Calls that wait for it fail with ERR_SHARD_GONE. */
  async terminate(shard: number): Promise<void> {
    checkInteger('shard', shard, 0, this.size - 1);
    this.#wanted.delete(shard);
    await this.#dismiss(shard);
  }

  /**
   * Ends one shard at once, if it lives, and starts it again: whatever `restart` says, and without counting. Resolves when it is served.
   * Asked for again meanwhile, it is the same restart.
   *
   * @throws what the module threw; ERR_SHARD_GONE when it ended before it was served, or terminate() came between; ERR_CLOSED.
   */
  async restart(shard: number): Promise<void> {
    this.#checkOpen();
    checkInteger('shard', shard, 0, this.size - 1);
    const wanted = this.#wanted.get(shard);
    if (wanted !== undefined) return wanted;
    const ended = this.#dismiss(shard);
    const restarted = ended.then(() => {
      this.#checkOpen();
      if (this.#wanted.get(shard) !== restarted) throw shardGone(`shard ${shard} of the group`);
      return this.#restart(shard);
    });
    this.#wanted.set(shard, restarted);
    try {
      await restarted;
    } finally {
      if (this.#wanted.get(shard) === restarted) this.#wanted.delete(shard);
    }
  }

  async #dismiss(shard: number): Promise<void> {
    this.#cancelRestart(shard);
    await this.#members[shard]!.dismiss();
  }

  /**
   * Waits until no call to its shards, or between them, is under way, then ends all shards: those that call each other without end are to be
   * told to stop before. Later calls of its methods throw ERR_CLOSED, those of remotes that somebody has kept fail with ERR_SHARD_GONE;
   * closing twice is harmless.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const shard of [...this.#putOff.keys()]) this.#cancelRestart(shard);
    // Nobody calls one that is only being started.
    for (const member of this.#members) if (!member.joined) void member.dismiss();
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

  #watch(member: Member): void {
    void member.exited.then((code) => this.#ended(member, code));
  }

  #ended(member: Member, code: number): void {
    const { index, error, dismissed } = member;
    this.#peers.peer(index).gone();
    const restarts = this.#closing === undefined && !dismissed ? this.#restarts : undefined;
    const delay = restarts?.next(index);
    if (delay !== undefined) this.#restartIn(delay, index);
    this.#events.emit('exit', { shard: index, code, error, restarting: delay !== undefined } satisfies ShardExit);
    if (error !== undefined) this.#emitError(error, index);
    if (restarts !== undefined && delay === undefined) this.#emitError(tooManyRestarts(index, restarts), index);
  }

  #emitError(error: Error, shard: number): void {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error, shard);
  }

  #restartIn(delay: number, shard: number): void {
    const restart = (): void => {
      this.#putOff.delete(shard);
      // Its end is reported as any other's.
      this.#restart(shard).catch(() => undefined);
    };
    this.#putOff.set(shard, setTimeout(restart, delay));
  }

  #cancelRestart(shard: number): void {
    clearTimeout(this.#putOff.get(shard));
    this.#putOff.delete(shard);
  }

  async #restart(shard: number): Promise<void> {
    const member = new Member(this.#plan, shard);
    this.#members[shard] = member;
    this.#watch(member);
    for (const event of ['stall', 'leak'] as const) if (this.#events.listenerCount(event) > 0) this.#hearReports(member, event);
    try {
      const address = await member.ready();
      checkMethods(this.#peers.peer(shard).address, address);
      await member.join(this.#peers.addresses.with(shard, address));
      await this.#introduce(member, address);
      if (!member.alive) throw shardGone(`shard ${shard} of the group`);
    } catch (error) {
      if (member.alive) member.error ??= error as Error;
      await member.end();
      throw error;
    }
    guarded(() => this.#events.emit('restart', shard));
  }

  /** From here on calls to this index go to it. */
  async #introduce(member: Member, address: PeerAddress): Promise<void> {
    this.#peers.peer(member.index).succeed(address);
    const siblings = this.#members.filter((other) => other !== member);
    await Promise.all(siblings.map((sibling) => sibling.meet(member.index, address)));
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed('group');
  }
}

/** Methods go by their numbers, also with remotes that somebody has had from the start. */
function checkMethods(before: PeerAddress, now: PeerAddress): void {
  if (before.methods.join() === now.methods.join()) return;
  throw new TypeError(`a shard that is started again must serve the same methods: ${before.methods.join(', ')}; not ${now.methods.join(', ')}`);
}

function tooManyRestarts(shard: number, { rule }: Restarts): CorebufError {
  return new CorebufError('ERR_SHARD_GONE', `shard ${shard} of the group has ended after ${rule.limit} restarts in ${rule.within} ms, and stays gone`);
}
