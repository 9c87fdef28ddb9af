// The entry of each worker of a group: attaches the thread to its shard, loads the user's module, and obeys the thread that started it.
import { fileURLToPath } from 'node:url';
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { typeError } from '../base/arguments.js';
import { runCommonJs } from '../base/late-modules.js';
import { asError, decodeError, encodeError } from '../rpc/error-codec.js';
import { stopStreamsOf } from '../rpc/served-streams.js';
import { whenIdle } from '../rpc/traffic.js';
import { countConnectionsIn } from '../net/connection-count.js';
import { attachWith, useShard } from '../shard/attach.js';
import { onOwnPressure, relieveHome } from '../shard/memory-pressure.js';
import { holdStallWatch, releaseStallWatch } from '../shard/stalls.js';
import { enterGroup, setIndex, thisShard } from '../shard/this-shard.js';
import { closeConnections, endConnections, resetUnsent, stopReading } from './connection-drain.js';
import { PeerGroup } from './peer-group.js';
import { closeService, servedMethods } from './serve.js';
import { installConnections, movesWithin } from './served-connections.js';
import { followParent } from './value-tree.js';
import type { EncodedError, FromWorker, ReportedEvent, ReportFromWorker, StartMessage, ToWorker } from './worker-messages.js';

/** Called once, by dist/worker.js, when the package has been loaded and its folders are installed. */
export function runWorker(): void {
  parentPort!.once('message', (start: StartMessage) => void new WorkerMain(start).run());
}

class WorkerMain {
  readonly #start: StartMessage;
  readonly #port: MessagePort;
  #group: PeerGroup | undefined;

  constructor(start: StartMessage) {
    this.#start = start;
    this.#port = start.port;
    this.#port.on('message', (message: ToWorker) => this.#obey(message));
  }

  async run(): Promise<void> {
    const { options, index, starter, module, connections } = this.#start;
    try {
      holdStallWatch();
      setIndex(index);
      countConnectionsIn(connections, index);
      installConnections(starter);
      const { id, incarnation } = attachWith(options);
      useShard();
      onOwnPressure((wanted, home) => this.#tell({ type: 'spentBudget', wanted, home }));
      await followParent(starter, { id, incarnation });
      await load(module);
      const methods = await servedMethods();
      if (methods === undefined) throw typeError(`${module} did not call serve(): the module of a group must call it once`);
      this.#tell({ type: 'ready', address: { id, incarnation, methods } });
    } catch (error) {
      this.#tell({ type: 'failed', error: encoded(error) });
    }
  }

  #tell(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  #obey(message: ToWorker): void {
    switch (message.type) {
      case 'topology': {
        const { index, maxInFlight, starter } = this.#start;
        this.#group = new PeerGroup(message.shards, index, maxInFlight, starter);
        enterGroup(this.#group);
        movesWithin(this.#group);
        releaseStallWatch();
        this.#tell({ type: 'joined' });
        break;
      }
      case 'peerEnded':
        this.#peerEnded(message.shard, message.error, message.code);
        break;
      case 'updatePeer':
        this.#group?.peer(message.shard).replaceAddress(message.address);
        this.#tell({ type: 'updated' });
        break;
      case 'stopReading':
        stopReading();
        break;
      case 'endConnections':
        void endConnections().then(() => this.#tell({ type: 'connectionsEnded' }));
        break;
      case 'drain':
        void whenIdle().then((activity) => this.#tell({ type: 'drained', activity }));
        break;
      case 'cleanUp':
        void this.#cleanUp();
        break;
      case 'report':
        forward(message.event);
        break;
      case 'spentBudget':
        relieveHome(message.wanted, message.home);
        break;
      case 'end':
        resetUnsent();
        // The thread ends even when the module has left handles open.
        this.#port.close();
        process.exit(0);
    }
  }

  #peerEnded(shard: number, error: EncodedError | undefined, code: number): void {
    const peer = this.#group?.peer(shard);
    if (peer === undefined) return;
    stopStreamsOf(peer.to);
    peer.ended({ error: error === undefined ? undefined : decodeError(error), code });
  }

  async #cleanUp(): Promise<void> {
    let error: EncodedError | undefined;
    closeConnections();
    try {
      await closeService();
    } catch (thrown) {
      error = encoded(thrown);
    }
    this.#tell({ type: 'cleanedUp', error });
  }
}

/** A module that names itself CommonJS needs no loader of ES modules, which costs a thread more than 10 ms when it is first used. */
async function load(module: string): Promise<void> {
  if (module.endsWith('.cjs')) runCommonJs(fileURLToPath(module));
  else await import(module);
}

function forward(event: ReportedEvent): void {
  const send = (report: ReportFromWorker['report']): void => parentPort!.postMessage({ corebuf: event, report } satisfies ReportFromWorker);
  if (event === 'stall') thisShard.on(event, send);
  else if (event === 'leak') thisShard.on(event, send);
  else thisShard.on(event, (wanted, home) => (home === thisShard.id ? send(wanted) : undefined));
}

function encoded(error: unknown): EncodedError {
  return encodeError(asError(error, 'a shard') as Error & Record<string, unknown>);
}
