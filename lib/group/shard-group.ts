// One worker_thread per shard, wired to each other and to the thread that starts them.
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { untilAborted } from '../base/abort.js';
import { checkInteger, illegalConstructor, signalOf, typeError } from '../base/arguments.js';
import { channels, publish } from '../base/channels.js';
import { closed, CorebufError, shardGone } from '../base/errors.js';
import { emit } from '../base/events.js';
import { clearTimeout, setTimeout } from '../base/timers.js';
import { stopStreamsOf } from '../rpc/served-streams.js';
import type { PeerAddress } from '../rpc/peer.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import { attachDefault, useShard } from '../shard/attach.js';
import { onOwnPressure, relieveHome } from '../shard/memory-pressure.js';
import type { Peers, Remote, RemoteAll } from '../shard/remote.js';
import { withinTime } from './deadline.js';
import { closeMembers } from './close.js';
import type { ShardExit, ShardGroupEvents } from './group-events.js';
import type { GroupListener, GroupListenOptions } from './group-listener.js';
import { GroupListeners } from './group-listeners.js';
import { Member } from './member.js';
import { planOf } from './options.js';
import type { GroupOptions, Plan } from './options.js';
import { PeerGroup } from './peer-group.js';
import { Restarts } from './restart-policy.js';
import type { ShardStats } from './stats.js';
import type { ReportedEvent, SpentBudget } from './worker-messages.js';

const REPORTED: readonly ReportedEvent[] = ['stall', 'leak', 'pressure'];

/**
 * Shards that serve one module. A group keeps the process alive until it is closed, as a Worker does; see unref(). It is an EventEmitter
 * (ShardGroupEvents). An error that a listener throws becomes an uncaught exception, and suppresses no other event.
 *
 * @example
 * const group = await ShardGroup.start<Log>(logModule, { shards: 2 });
 * await group.shard(1).append(7, IoBuf.from('record')); // 6
 * await group.close();
 */
export class ShardGroup<S> extends EventEmitter<ShardGroupEvents> implements Peers<S> {
  readonly #plan: Plan;
  /** By index: the member that lives, or the last one that did. */
  readonly #members: Member[];
  readonly #peers: PeerGroup;
  readonly #listeners: GroupListeners;
  readonly #restarts: Restarts | undefined;
  /** Restarts that wait for their delay, by index. */
  readonly #delayed = new Map<number, NodeJS.Timeout>();
  /** Restarts that restart() was called for, by index, until terminate() is. */
  readonly #wanted = new Map<number, Promise<void>>();
  readonly #letShardGo: () => void;
  #closing: Promise<void> | undefined;
  #isRef = true;

  private constructor(plan: Plan, members: Member[], peers: PeerGroup, letShardGo: () => void) {
    super();
    if (!(peers instanceof PeerGroup)) throw illegalConstructor('ShardGroup', 'ShardGroup.start(module)');
    const stopTelling = onOwnPressure((wanted, home) => this.#tellPressure({ type: 'spentBudget', wanted, home }));
    this.#letShardGo = () => {
      stopTelling();
      letShardGo();
    };
    this.#plan = plan;
    this.#members = members;
    this.#peers = peers;
    this.#listeners = new GroupListeners({
      living: () => this.#living().map(({ index }) => index),
      peer: (index) => peers.peer(index),
      connections: plan.connections,
    });
    this.#restarts = plan.restart === undefined ? undefined : new Restarts(plan.restart);
    for (const member of members) this.#watch(member);
    super.on('newListener' as 'exit', ((event: string) => this.#onListener(event)) as never);
  }

  /**
   * Starts the workers and resolves when each has served its module. `module` is a file URL, or a path that is relative to the current
   * directory; CommonJS or ESM.
   *
   * @throws the error that the module threw; ERR_SHARD_GONE when a worker ended, whatever `restart` says; ERR_TIMEOUT after
   * `options.startTimeout`; the reason of `options.signal`; TypeError and RangeError for wrong options. Then no worker is left.
   */
  static async start<S>(module: URL | string, options: GroupOptions = {}): Promise<ShardGroup<S>> {
    const plan = planOf(module, options);
    plan.signal?.throwIfAborted();
    attachDefault({ spin: plan.spin });
    const letShardGo = useShard();
    const members: Member[] = [];
    try {
      for (let index = 0; index < plan.shards; index++) members.push(new Member(plan, index));
      const addresses = await untilAborted(allReady(members, plan), plan.signal);
      return new ShardGroup<S>(plan, members, new PeerGroup(addresses, undefined, plan.maxInFlight), letShardGo);
    } catch (error) {
      await Promise.all(members.map((member) => member.worker.terminate()));
      letShardGo();
      throw error;
    }
  }

  /** Number of shards. */
  get size(): number {
    return this.#peers.size;
  }

  /** Undefined: the thread that starts a group is none of its shards. */
  get index(): undefined {
    return undefined;
  }

  /** Undefined: this thread is the starter. */
  get starter(): undefined {
    return undefined;
  }

  /**
   * The methods of the shard at `index`, 0 to size - 1. Chains among the arguments move there, in the memory of the shard that made them: a
   * method that keeps them keeps that memory (see `serve`).
   */
  shard(index: number): Remote<S> {
    this.#checkOpen();
    return this.#peers.shard(index) as unknown as Remote<S>;
  }

  /** The methods of every shard; see Peers. Chains among the arguments are shared with each shard, and stay the caller's. */
  get all(): RemoteAll<S> {
    this.#checkOpen();
    return this.#peers.all as unknown as RemoteAll<S>;
  }

  /** The counters of every shard that lives, in the order of their `index`; those of a shard that has ended are missing. @throws the signal's reason */
  async stats(options: { signal?: AbortSignal } = {}): Promise<ShardStats[]> {
    this.#checkOpen();
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const args = signal === undefined ? [] : [signal];
    return (await Promise.all(this.#living().map(({ index }) => this.#peers.peer(index).call(SYSTEM_METHODS.stats, args)))) as ShardStats[];
  }

  #living(): Member[] {
    return this.#members.filter((member) => member.alive && member.joined);
  }

  /**
   * Listens at a port or a path, as Listener.open() does. Each connection is served by one shard: there the method `connection` of the service
   * is called with a Connection. A connection whose `connection` throws, or returns a promise that fails, is destroyed; an error that is not
   * the connection's own, and no CorebufError, is an uncaught exception of the shard as well. A shard that is started again listens again.
   *
   * close() reads the connections no more, waits until calls have ended, and then ends the input of each connection: a loop over it ends. A
   * connection closes once the promise that `connection` has returned has settled and all that was written, also into places that were
   * reserved, has been sent. A handler that listens for 'close' has until it sees the end of the input. Unsent bytes that are left after
   * `closeTimeout` are dropped, and the peer gets ECONNRESET.
   *
   * @throws TypeError when the service has no method `connection`; as Listener.open(); ERR_SHARD_GONE; ERR_CLOSED
   */
  async listen(options: GroupListenOptions = {}): Promise<GroupListener> {
    this.#checkOpen();
    const listener = await this.#listeners.open(options);
    if (this.#closing === undefined) return listener;
    await listener.close();
    throw closed('group');
  }

  /** Lets the process end while the group is open and no call is under way; its shards then end without clean-up. */
  unref(): this {
    return this.#setRef(false);
  }

  /** Makes the group keep the process alive again, which is the default. */
  ref(): this {
    return this.#setRef(true);
  }

  #setRef(ref: boolean): this {
    this.#isRef = ref;
    for (const member of this.#members) member.setRef(ref);
    for (const timer of this.#delayed.values()) {
      if (ref) timer.ref();
      else timer.unref();
    }
    return this;
  }

  /** Asks the workers for the reports that have a listener; they send no others. */
  #onListener(event: string): void {
    const reported = REPORTED.find((name) => name === event);
    if (reported === undefined || this.listenerCount(reported) > 0) return;
    for (const member of this.#members) this.#listenToReports(member, reported);
  }

  #listenToReports(member: Member, event: ReportedEvent): void {
    member.listenToReports(event, (report) => emit<ShardGroupEvents, ReportedEvent>(this, event, report, member.index));
  }

  /**
   * Ends one shard at once and for good, without clean-up, as Worker.terminate() does. Calls that wait for it fail with ERR_SHARD_GONE. It may be
   * called while close() waits, and does nothing when the shard has ended.
   */
  async terminate(index: number): Promise<void> {
    checkInteger('index', index, 0, this.size - 1);
    this.#wanted.delete(index);
    this.#cancelRestart(index);
    await this.#members[index]!.dismiss();
  }

  /**
   * Ends one shard, if it lives, and starts it again. `options.restart` is not looked at, and the restart does not count there. The service is
   * cleaned up first, for at most `closeTimeout` milliseconds; calls to the shard that are under way fail with ERR_SHARD_GONE. Resolves when the
   * new shard serves its module. A second call while a restart is under way waits for the same restart. An aborted signal ends the waiting, and
   * the restart goes on.
   *
   * @throws the error that the module threw; ERR_SHARD_GONE when the shard ended before it was served, or terminate() was called; ERR_TIMEOUT
   * after `startTimeout`; ERR_CLOSED; the signal's reason.
   */
  async restart(index: number, options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#checkOpen();
    checkInteger('index', index, 0, this.size - 1);
    const signal = signalOf(options);
    signal?.throwIfAborted();
    await untilAborted(this.#restart(index), signal);
  }

  async #restart(index: number): Promise<void> {
    const wanted = this.#wanted.get(index);
    if (wanted !== undefined) return wanted;
    const restarted = this.#restartNow(index, () => this.#wanted.get(index) === restarted);
    this.#wanted.set(index, restarted);
    try {
      await restarted;
    } finally {
      if (this.#wanted.get(index) === restarted) this.#wanted.delete(index);
    }
  }

  async #restartNow(index: number, isWanted: () => boolean): Promise<void> {
    this.#cancelRestart(index);
    const member = this.#members[index]!;
    member.dismissed = true;
    await withinTime(member.cleanUp(), this.#plan.closeTimeout, `the clean-up of shard ${index}`).catch((error: Error) => this.#emitError(error, index));
    await member.dismiss();
    this.#checkOpen();
    if (!isWanted()) throw shardGone(`shard ${index} of the group`);
    await this.#startAgain(index);
  }

  /**
   * Closes the listeners, waits until no call to its shards, or between them, is under way, and closes the connections (see listen()); then cleans
   * up the services (see `serve`), then ends all shards. It waits at most `closeTimeout` milliseconds for the calls and the connections, and as
   * long again for the clean-up and the end of the shards, which it then ends in any case. Afterwards the group's methods but terminate() throw
   * ERR_CLOSED, and calls through a remote that was kept fail with ERR_SHARD_GONE. Another close() does nothing more. An aborted signal ends the
   * waiting, and the group closes all the same.
   *
   * @throws ERR_TIMEOUT when something did not end in time, with an AggregateError of all failures as `cause` if there are several; the error of a
   * clean-up, or an AggregateError of several; the signal's reason. The group is closed then as well.
   */
  async close(options: { signal?: AbortSignal } = {}): Promise<void> {
    const signal = signalOf(options);
    this.#closing ??= this.#close();
    // Nobody hears of its error when the signal was the first.
    if (signal !== undefined) this.#closing.catch(() => undefined);
    await untilAborted(this.#closing, signal);
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const index of [...this.#delayed.keys()]) this.#cancelRestart(index);
    await this.#listeners.close();
    // No call goes to a shard that is still being started.
    for (const member of this.#members) if (!member.joined) void member.dismiss();
    await closeMembers(this.#members, () => this.#peers.whenIdle(), this.#plan.closeTimeout).finally(() => this.#letShardGo());
  }

  /** Tells all shards but `from`, whose pressure it is. */
  #tellPressure(message: SpentBudget, from?: Member): void {
    for (const member of this.#members) if (member !== from) member.tell(message);
  }

  #watch(member: Member): void {
    member.onSpentBudget = (message) => {
      this.#tellPressure(message, member);
      relieveHome(message.wanted, message.home);
    };
    void member.exited.then((code) => this.#ended(member, code));
  }

  #ended(member: Member, code: number): void {
    const { index, error, dismissed } = member;
    Atomics.store(this.#plan.connections, index, 0);
    const peer = this.#peers.peer(index);
    stopStreamsOf(peer.to);
    peer.ended({ error, code });
    for (const sibling of this.#members) if (sibling !== member) sibling.peerEnded(index, error, code);
    const restarts = this.#closing === undefined && !dismissed ? this.#restarts : undefined;
    const delay = restarts?.next(index);
    if (delay !== undefined) this.#restartIn(delay, index);
    const exit: ShardExit = { index, code, error, restarting: delay !== undefined };
    publish(channels.shardExit, () => ({ module: this.#plan.module, ...exit }));
    emit<ShardGroupEvents, 'exit'>(this, 'exit', exit);
    if (error !== undefined) this.#emitError(error, index);
    if (restarts !== undefined && delay === undefined) this.#emitError(tooManyRestarts(index, restarts), index);
  }

  #emitError(error: Error, index: number): void {
    if (this.listenerCount('error') > 0) emit<ShardGroupEvents, 'error'>(this, 'error', error, index);
    else process.emitWarning(`shard ${index} of the group: ${error.stack ?? error.message}`, 'CorebufShardError');
  }

  #restartIn(delay: number, index: number): void {
    const restart = (): void => {
      this.#delayed.delete(index);
      // A start that fails is reported as the end of a shard.
      this.#startAgain(index).catch(() => undefined);
    };
    const timer = setTimeout(restart, delay);
    if (!this.#isRef) timer.unref();
    this.#delayed.set(index, timer);
  }

  #cancelRestart(index: number): void {
    clearTimeout(this.#delayed.get(index));
    this.#delayed.delete(index);
  }

  async #startAgain(index: number): Promise<void> {
    const member = new Member(this.#plan, index);
    this.#members[index] = member;
    this.#watch(member);
    if (!this.#isRef) member.setRef(false);
    for (const event of REPORTED) if (this.listenerCount(event) > 0) this.#listenToReports(member, event);
    try {
      const address = await withinTime(member.ready(), this.#plan.startTimeout, `the start of shard ${index}`);
      checkMethods(this.#peers.peer(index).address, address);
      await member.join(this.#peers.addresses.with(index, address));
      await this.#introduce(member, address);
      await this.#listeners.restarted(index);
      if (!member.alive) throw shardGone(`shard ${index} of the group`, { error: member.error, code: await member.exited });
    } catch (error) {
      if (member.alive) member.error ??= error as Error;
      await member.terminate();
      throw error;
    }
    publish(channels.shardRestart, () => ({ module: this.#plan.module, index }));
    emit<ShardGroupEvents, 'restart'>(this, 'restart', index);
  }

  /** From here on calls to this index go to the new shard. */
  async #introduce(member: Member, address: PeerAddress): Promise<void> {
    this.#peers.peer(member.index).replaceAddress(address);
    const siblings = this.#members.filter((other) => other !== member);
    await Promise.all(siblings.map((sibling) => sibling.updatePeer(member.index, address)));
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed('group');
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[ShardGroup]', 'special');
    const alive = this.#members.filter((member) => member.alive).map(({ index }) => index);
    const { module } = this.#plan;
    const methods = this.#peers.addresses[0]?.methods ?? [];
    return `ShardGroup ${inspect({ size: this.size, alive, closed: this.#closing !== undefined, module, methods }, { ...options, depth })}`;
  }
}

/** The addresses of all shards, once each knows the others. */
function allReady(members: readonly Member[], plan: Plan): Promise<PeerAddress[]> {
  const ready = async (): Promise<PeerAddress[]> => {
    const addresses = await Promise.all(members.map((member) => member.ready()));
    await Promise.all(members.map((member) => member.join(addresses)));
    return addresses;
  };
  return withinTime(ready(), plan.startTimeout, `the start of ${plan.module}`);
}

/** Checks that a restarted shard serves the same methods: calls, also those through a remote that was kept, name methods by number. */
function checkMethods(before: PeerAddress, now: PeerAddress): void {
  if (before.methods.join() === now.methods.join()) return;
  throw typeError(`a shard that is started again must serve the same methods, ${before.methods.join(', ')}; it serves ${now.methods.join(', ')}`);
}

function tooManyRestarts(index: number, { rule }: Restarts): CorebufError {
  return new CorebufError('ERR_SHARD_GONE', `shard ${index} of the group has ended after ${rule.limit} restarts within ${rule.within} ms, and stays gone`);
}
