// The thread that started a group accepts connections, and hands each over to the shard that has the fewest.
import { CorebufError } from '../base/errors.js';
import { takeIn } from '../net/moving.js';
import type { Moved } from '../net/moving.js';
import type { OpenListener } from '../net/open-listener.js';
import type { Address, OpenSocket } from '../net/open-socket.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import type { Acceptor, GroupShards } from './accepting.js';

export class HandOver implements Acceptor {
  readonly #open: OpenListener;
  readonly #shards: GroupShards;
  readonly #report: (error: Error) => void;
  /** Shards that were found to have ended, until they are served again. */
  readonly #gone = new Set<number>();
  #last = -1;

  constructor(open: OpenListener, shards: GroupShards, report: (error: Error) => void) {
    this.#open = open;
    this.#shards = shards;
    this.#report = report;
    // The group keeps the process alive.
    open.setRef(false);
    open.owner = { accepted: (socket) => this.#give(socket), acceptFailed: report };
  }

  get address(): Address {
    return this.#open.address;
  }

  /** Connections that found no shard have waited for this one. */
  restarted(index: number): Promise<void> {
    this.#gone.delete(index);
    while (this.#living().length > 0) {
      const socket = this.#open.take();
      if (socket === undefined) break;
      this.#open.offer(socket);
    }
    return Promise.resolve();
  }

  catchUp(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#open.close();
    return Promise.resolve();
  }

  /** False when no shard lives: the connection waits for a restart. */
  #give(socket: OpenSocket): boolean {
    const index = this.#choose();
    if (index === undefined) return false;
    try {
      void this.#deliver(index, socket.leave());
    } catch {
      // The connection has failed meanwhile, which its own event tells.
    }
    return true;
  }

  #living(): number[] {
    return this.#shards.living().filter((index) => !this.#gone.has(index));
  }

  /** The shard with the fewest connections; of several, the next one behind the last. */
  #choose(): number | undefined {
    const { connections } = this.#shards;
    let least = Infinity;
    let chosen: number | undefined;
    const living = this.#living();
    const start = living.findIndex((index) => index > this.#last);
    for (let at = 0; at < living.length; at++) {
      const index = living[(Math.max(start, 0) + at) % living.length]!;
      const count = Atomics.load(connections, index);
      if (count >= least) continue;
      least = count;
      chosen = index;
    }
    if (chosen !== undefined) this.#last = chosen;
    return chosen;
  }

  async #deliver(index: number, moved: Moved): Promise<void> {
    // Counted here, so that those that are on their way count. At the end of the shard its number becomes 0.
    Atomics.add(this.#shards.connections, index, 1);
    try {
      await this.#shards.peer(index).call(SYSTEM_METHODS.takeConnection, [{ ...moved, isCounted: true }]);
    } catch (error) {
      this.#giveAgain(index, moved, error as Error);
    }
  }

  /** A shard that has ended has taken the connection with it, unless its ticket is still good. */
  #giveAgain(index: number, moved: Moved, error: Error): void {
    const isGone = error instanceof CorebufError && error.code === 'ERR_SHARD_GONE';
    if (isGone) this.#gone.add(index);
    else this.#report(error);
    try {
      const socket = takeIn(moved);
      if (isGone) return this.#open.offer(socket);
      // It was never sent.
      Atomics.sub(this.#shards.connections, index, 1);
      socket.destroy(undefined, false);
    } catch {
      // The shard had taken it.
    }
  }
}
