// One worker of a group as the thread that started it sees it, from its start to its end.
import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { attachDefault } from './attachment.js';
import { CorebufError } from './errors.js';
import type { Plan } from './group-plan.js';
import type { FromWorker, ReportedEvent, ReportFromWorker, StartMessage, ToWorker } from './group-protocol.js';
import type { PeerAddress } from './peers.js';
import { decodeError } from './remote-error.js';

/** One worker and the port to it. */
export class Member {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly index: number;
  error: Error | undefined;
  readonly exited: Promise<number>;
  alive = true;

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
    this.worker.on('error', (error: Error) => (this.error = error));
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
  }

  /** Once no call of or to it is under way, or it has ended: how many there have been by then. */
  async drain(): Promise<number> {
    if (!this.alive) return 0;
    const drained = this.#hear('drained').catch(() => ({ activity: 0 }));
    this.tell({ type: 'drain' });
    return (await drained).activity;
  }

  /** The next message, which is of this type unless the worker failed: the two take turns. */
  async #hear<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    const [message] = (await Promise.race([once(this.port, 'message'), this.#failed()])) as [FromWorker];
    if (message.type === 'failed') throw decodeError(message.error);
    if (message.type !== type) throw new Error(`a worker said ${message.type} instead of ${type}`);
    return message as Extract<FromWorker, { type: T }>;
  }

  async #failed(): Promise<never> {
    const code = await this.exited;
    throw new CorebufError('ERR_SHARD_GONE', `shard ${this.index} of the group ended with code ${code} before it was ready`, { cause: this.error });
  }
}
