// The listener of a group as users see it.
import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { illegalConstructor } from '../base/arguments.js';
import { emit } from '../base/events.js';
import { addressInfoOf } from '../net/address.js';
import type { ListenOptions } from '../net/options.js';
import type { Acceptor } from './accepting.js';
import { HandOver } from './hand-over.js';
import { PortSharing } from './port-sharing.js';
import { uncloneable } from '../base/uncloneable.js';

/** Options of ShardGroup.listen(). */
export interface GroupListenOptions extends Omit<ListenOptions, 'reusePort'> {
  /**
   * 'reuseport': every shard listens at the port, and the kernel spreads connections over them, whatever each shard has to do. Connections that a
   * shard has not accepted when it ends are lost. 'handover': the thread that calls listen() accepts, and hands each connection over to the
   * shard with the fewest: for connections that are few and live long. Default 'reuseport' for a port; 'handover' for a path, which shards
   * cannot share, and where `capabilities().sharedPorts` is false: there 'reuseport' fails with EOPNOTSUPP. The only shard of a group has its
   * port for itself, on every system: whoever listens there, too, gets EADDRINUSE.
   */
  accept?: 'reuseport' | 'handover';
}

/** Events of a group's listener, with the arguments of their listeners. */
export interface GroupListenerEvents {
  /** The system could not give a connection that waits, for want of descriptors for example, or no shard could take it. Accepting goes on by itself. */
  acceptFailed: [error: Error];
  /** The listener has closed. */
  close: [];
}

let make: (acceptor: Acceptor, forget: () => void) => GroupListener;

/**
 * A socket whose connections are served by the shards of a group; ShardGroup.listen() returns one. It is closed with its group, which alone says
 * whether the process stays alive (ShardGroup.unref()). Connections are counted where they are served: see `net.connections` of ShardGroup.stats().
 *
 * @example
 * await using group = await ShardGroup.start<Log>(logModule, { shards: 2 });
 * const error: unknown = await group.listen({ port: 0, host: '127.0.0.1' }).catch((error: unknown) => error);
 * error instanceof TypeError; // true
 */
export class GroupListener extends EventEmitter<GroupListenerEvents> {
  /** @internal */ readonly uncloneable = uncloneable('GroupListener', 'the thread that listens closes it');
  readonly #acceptor: Acceptor;
  readonly #forget: () => void;
  #closing: Promise<void> | undefined;

  private constructor(acceptor: Acceptor, forget: () => void) {
    if (!(acceptor instanceof PortSharing || acceptor instanceof HandOver)) throw illegalConstructor('GroupListener', 'ShardGroup.listen(options)');
    super();
    this.#acceptor = acceptor;
    this.#forget = forget;
  }

  static {
    make = (acceptor, forget) => new GroupListener(acceptor, forget);
  }

  /** Address, family and port; the path of a Unix socket. It stays the same when the listener has closed. */
  get address(): AddressInfo | string {
    return addressInfoOf(this.#acceptor.address);
  }

  /** Accepts no more on any shard. Connections that shards have taken stay open. Closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#forget();
    await this.#acceptor.close();
    emit<GroupListenerEvents, 'close'>(this, 'close');
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[GroupListener]', 'special');
    return `GroupListener ${inspect({ address: this.address, closed: this.#closing !== undefined }, { ...options, depth })}`;
  }
}

/** `forget` is called when the listener is closed. */
export function groupListenerOf(acceptor: Acceptor, forget: () => void): GroupListener {
  return make(acceptor, forget);
}
