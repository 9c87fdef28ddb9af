// One worker of a group as the thread that started it sees it, from its start to its end.
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { attachDefault } from './attachment.js';
import { CorebufError } from './errors.js';
import type { Plan } from './group-plan.js';
import type { FromWorker, ReportedEvent, ReportFromWorker, StartMessage, ToWorker } from './group-protocol.js';
import type { PeerAddress } from './peers.js';
import { asError, decodeError } from './remote-error.js';

interface Hearing {
  readonly type: FromWorker['type'];
  readonly resolve: (message: FromWorker) => void;
  readonly reject: (error: Error) => void;
}

/** One worker and the port to it. */
export class Member {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly index: number;
  error: Error | undefined;
  readonly exited: Promise<number>;
  alive = true;
  /** It knows its siblings, and they know it. */
  joined = false;
  /** It is to end, and not to be started again. */
  dismissed = false;
  readonly #hearings: Hearing[] = [];

  constructor(plan: Plan, index: number) {
    this.index = index;
    this.worker = new Worker(join(__dirname, 'shard-worker.js'), plan.workerOptionsOf(index));
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const { id, incarnation } = attachDefault();
    const start: StartMessage = {
      corebuf: 'start',
      module: plan.module,
      index,
      options: plan.optionsOf(index),
      maxInFlight: plan.maxInFlight,
      starter: { id, incarnation },
      port: port2,
    };
    this.worker.postMessage(start, [port2]);
    // Node makes it anew here, in its own realm: an object is the error.
    this.worker.on('error', (error: unknown) => (this.error = typeof error === 'object' && error !== null ? (error as Error) : asError(error, 'a shard')));
    this.port.on('message', (message: FromWorker) => this.#heard(message));
    this.exited = new Promise((resolve) =>
      this.worker.once('exit', (code) => {
        this.alive = false;
        this.port.close();
        resolve(code);
      }),
    );
  }

  /** From now on its reports of that kind are handed to `listener`. */
  hearReports(event: ReportedEvent, listener: (report: unknown) => void): void {
    this.worker.on('message', (message: Partial<ReportFromWorker> | null) => {
      if (message?.corebuf === event) listener(message.report);
    });
    this.tell({ type: 'report', event });
  }

  tell(message: ToWorker): void {
    if (this.alive) this.port.postMessage(message);
  }

  /** Its address, once its module is served. */
  async ready(): Promise<PeerAddress> {
    return (await this.#hear('ready')).address;
  }

  /** Once it knows its siblings: a call must not arrive before. */
  async join(shards: readonly PeerAddress[]): Promise<void> {
    const joined = this.#hear('joined');
    this.tell({ type: 'topology', shards });
    await joined;
    this.joined = true;
  }

  /** Once it calls the successor of a sibling that has been started again, or has ended itself. */
  async meet(shard: number, address: PeerAddress): Promise<void> {
    if (!this.alive) return;
    const met = this.#hear('met').catch(() => undefined);
    this.tell({ type: 'meet', shard, address });
    // One that has not joined yet will be told of all when it does.
    if (this.joined) await met;
  }

  /** Once no call of or to it is under way, or it has ended: how many there have been by then. */
  async drain(): Promise<number> {
    if (!this.alive) return 0;
    const drained = this.#hear('drained').catch(() => ({ activity: 0 }));
    this.tell({ type: 'drain' });
    return (await drained).activity;
  }

  /** Ends it at once, for good. */
  async dismiss(): Promise<void> {
    this.dismissed = true;
    await this.end();
  }

  /** Ends it at once; resolves when whoever waited for its end has heard of it. */
  async end(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }

  /** The next message of this type: answers of one type come in the order in which they were asked for. */
  async #hear<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    const heard = new Promise<FromWorker>((resolve, reject) => this.#hearings.push({ type, resolve, reject }));
    return (await Promise.race([heard, this.#failed()])) as Extract<FromWorker, { type: T }>;
  }

  #heard(message: FromWorker): void {
    const at = message.type === 'failed' ? 0 : this.#hearings.findIndex(({ type }) => type === message.type);
    const hearing = at < 0 ? undefined : this.#hearings.splice(at, 1)[0];
    if (hearing === undefined) return; // The start has failed, and nobody listens any more.
    if (message.type === 'failed') hearing.reject(decodeError(message.error));
    else hearing.resolve(message);
  }

  async #failed(): Promise<never> {
    const code = await this.exited;
    throw new CorebufError('ERR_SHARD_GONE', `shard ${this.index} of the group ended with code ${code} before it was ready`, { cause: this.error });
  }
}
