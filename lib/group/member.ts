// One worker of a group as the thread that started it sees it, from its start to its end.
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { codeFolder } from '../base/code-folder.js';
import { CorebufError } from '../base/errors.js';
import { decodeError, encodeError, errorOfWorker } from '../rpc/error-codec.js';
import type { PeerAddress } from '../rpc/peer.js';
import { attachDefault } from '../shard/attach.js';
import type { Plan } from './options.js';
import type { FromWorker, ReportedEvent, ReportFromWorker, SpentBudget, StartMessage, ToWorker } from './worker-messages.js';

interface Waiter {
  readonly type: FromWorker['type'];
  readonly resolve: (message: FromWorker) => void;
  readonly reject: (error: Error) => void;
}

export class Member {
  readonly worker: Worker;
  readonly index: number;
  /** Why the worker ended, if it was an uncaught error. */
  error: Error | undefined;
  /** Resolves with the exit code of the worker. */
  readonly exited: Promise<number>;
  alive = true;
  /** The worker has the addresses of its siblings, and they have its address. */
  joined = false;
  /** Called when the worker's shard has spent its budget. */
  onSpentBudget = (_message: SpentBudget): void => undefined;
  /** The worker is to end, and not to be started again. */
  dismissed = false;
  readonly #port: MessagePort;
  readonly #waiters: Waiter[] = [];

  constructor(plan: Plan, index: number) {
    this.index = index;
    this.worker = new Worker(join(codeFolder, 'worker.js'), plan.workerOptionsOf(index));
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.worker.postMessage(startMessage(plan, index, port2), [port2]);
    this.worker.on('error', (error: unknown) => (this.error = errorOfWorker(error)));
    this.#port.on('message', (message: FromWorker) => this.#onMessage(message));
    this.exited = new Promise((resolve) => this.worker.once('exit', (code) => resolve(this.#exit(code))));
  }

  #exit(code: number): number {
    this.alive = false;
    this.#port.close();
    return code;
  }

  /** Says whether the worker keeps the process alive. */
  setRef(ref: boolean): void {
    if (!this.alive) return;
    for (const each of [this.worker, this.#port]) {
      if (ref) each.ref();
      else each.unref();
    }
  }

  /** From now on `listener` is called with the worker's reports of that kind. */
  listenToReports(event: ReportedEvent, listener: (report: never) => void): void {
    this.worker.on('message', (message: Partial<ReportFromWorker> | null) => {
      if (message?.corebuf === event) listener(message.report as never);
    });
    this.tell({ type: 'report', event });
  }

  tell(message: ToWorker): void {
    if (this.alive) this.#port.postMessage(message);
  }

  /** The shard's address, once its module is served. */
  async ready(): Promise<PeerAddress> {
    return (await this.#waitFor('ready')).address;
  }

  /** Sends the worker the addresses of its siblings, and resolves once it has them. No other shard may call the worker before. */
  async join(shards: readonly PeerAddress[]): Promise<void> {
    const joined = this.#waitFor('joined');
    this.tell({ type: 'topology', shards });
    await joined;
    this.joined = true;
  }

  /** Resolves once the worker calls the successor of a shard that has been started again, or has ended itself. */
  async updatePeer(shard: number, address: PeerAddress): Promise<void> {
    if (!this.alive) return;
    const updated = this.#waitFor('updated').catch(() => undefined);
    this.tell({ type: 'updatePeer', shard, address });
    // A worker that has not joined yet is told of all shards when it does.
    if (this.joined) await updated;
  }

  peerEnded(shard: number, error: Error | undefined, code: number): void {
    const encoded = error === undefined ? undefined : encodeError(error as Error & Record<string, unknown>);
    this.tell({ type: 'peerEnded', shard, error: encoded, code });
  }

  /** Resolves once the connections of the worker have closed, or the worker has ended. */
  async endConnections(): Promise<void> {
    if (!this.alive) return;
    const ended = this.#waitFor('connectionsEnded').catch(() => undefined);
    this.tell({ type: 'endConnections' });
    await ended;
  }

  /** Number of calls that the worker has made and answered, once none is under way; 0 when the worker has ended. */
  async drain(): Promise<number> {
    if (!this.alive) return 0;
    const drained = this.#waitFor('drained').catch(() => ({ activity: 0 }));
    this.tell({ type: 'drain' });
    return (await drained).activity;
  }

  /** Runs the clean-up of the service. Resolves once it has ended or the worker has; fails with the error of the clean-up. */
  async cleanUp(): Promise<void> {
    if (!this.alive || !this.joined) return;
    const cleanedUp = this.#waitFor('cleanedUp').catch(() => ({ error: undefined }));
    this.tell({ type: 'cleanUp' });
    const { error } = await cleanedUp;
    if (error !== undefined) throw decodeError(error);
  }

  /** Ends the worker at once, for good. */
  async dismiss(): Promise<void> {
    this.dismissed = true;
    await this.terminate();
  }

  /** Ends the worker at once. Resolves when those who waited for its end know of it. */
  async terminate(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }

  /** The next message of this type. Answers of one type come in the order in which they were asked for. */
  async #waitFor<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    const message = new Promise<FromWorker>((resolve, reject) => this.#waiters.push({ type, resolve, reject }));
    return (await Promise.race([message, this.#failAtEnd()])) as Extract<FromWorker, { type: T }>;
  }

  #onMessage(message: FromWorker): void {
    if (message.type === 'spentBudget') return this.onSpentBudget(message);
    const at = message.type === 'failed' ? 0 : this.#waiters.findIndex(({ type }) => type === message.type);
    const waiter = at < 0 ? undefined : this.#waiters.splice(at, 1)[0];
    if (waiter === undefined) return; // The start has failed, so no promise waits for this message any more.
    if (message.type === 'failed') waiter.reject(decodeError(message.error));
    else waiter.resolve(message);
  }

  async #failAtEnd(): Promise<never> {
    const code = await this.exited;
    throw new CorebufError('ERR_SHARD_GONE', `shard ${this.index} of the group ended with code ${code} before it was ready`, { cause: this.error });
  }
}

function startMessage(plan: Plan, index: number, port: MessagePort): StartMessage {
  const { id, incarnation } = attachDefault();
  const { module, maxInFlight, connections } = plan;
  return { corebuf: 'start', module, index, options: plan.optionsOf(index), maxInFlight, starter: { id, incarnation }, connections, port };
}
