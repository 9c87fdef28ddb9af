// The listeners that one group has, on the thread that started it.
import { onAbort } from '../base/abort.js';
import { checkChoice, checkKnownOptions, typeError } from '../base/arguments.js';
import { emit } from '../base/events.js';
import { native } from '../native/binding.js';
import { listenAt } from '../net/open-listener.js';
import { checkedListen, LISTEN } from '../net/options.js';
import { handle } from '../rpc/server.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import { checkServesConnections } from './accepting.js';
import type { Acceptor, GroupShards } from './accepting.js';
import { groupListenerOf } from './group-listener.js';
import type { GroupListener, GroupListenerEvents, GroupListenOptions } from './group-listener.js';
import { HandOver } from './hand-over.js';
import { PortSharing } from './port-sharing.js';
import { state } from './state.js';

const NAMES = [...LISTEN.filter((name) => name !== 'reusePort'), 'accept'];

export class GroupListeners {
  readonly #shards: GroupShards;
  /** Each listener with its way of accepting. */
  readonly #open = new Map<GroupListener, Acceptor>();

  constructor(shards: GroupShards) {
    this.#shards = shards;
  }

  /** @throws as ShardGroup.listen() */
  async open(options: GroupListenOptions): Promise<GroupListener> {
    checkKnownOptions('options', options, NAMES);
    const { accept, ...others } = options;
    checkChoice('options.accept', accept, ['reuseport', 'handover']);
    const isAlone = this.#shards.connections.length === 1;
    const canShare = others.path === undefined && (isAlone || native.machine().sharedPorts);
    const shared = accept === undefined ? canShare : accept === 'reuseport';
    if (shared && others.path !== undefined) {
      throw typeError("options.accept must be 'handover' or absent for a Unix socket, which shards cannot share; received 'reuseport'");
    }
    const { signal, ...checked } = checkedListen({ ...others, reusePort: shared && !isAlone });
    checkServesConnections('listen', this.#shards.peer(0).address.methods);
    signal?.throwIfAborted();
    const number = ++state.lastListener;
    const report = (error: Error): void => void emit<GroupListenerEvents, 'acceptFailed'>(listener, 'acceptFailed', error);
    const acceptor = shared
      ? await PortSharing.open(number, checked, this.#shards)
      : new HandOver(await listenAt({ ...checked, signal }), this.#shards, report);
    const forgetSignal = signal === undefined ? undefined : onAbort(signal, () => void listener.close());
    const listener = groupListenerOf(acceptor, () => {
      forgetSignal?.();
      state.acceptReports.delete(number);
      this.#open.delete(listener);
    });
    state.acceptReports.set(number, report);
    this.#open.set(listener, acceptor);
    try {
      await acceptor.catchUp();
      signal?.throwIfAborted();
      return listener;
    } catch (error) {
      await listener.close();
      throw error;
    }
  }

  /** The shard at `index` is served again. @throws the error of listening there */
  async restarted(index: number): Promise<void> {
    await Promise.all([...this.#open.values()].map((acceptor) => acceptor.restarted(index)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((listener) => listener.close()));
  }
}

/** Takes the reports of shards that could not accept. */
export function installListeners(): void {
  handle(SYSTEM_METHODS.acceptFailed, ([number, error]) => state.acceptReports.get(number as number)?.(error as Error));
}
