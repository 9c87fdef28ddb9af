// What runs first in each worker of a group: attach, load the user's module, tell who we are.
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { attachWith } from './attachment.js';
import type { FromWorker, ReportedEvent, ReportFromWorker, StartMessage, ToWorker } from './group-protocol.js';
import { PeerGroup } from './peers.js';
import { asError, encodeError } from './remote-error.js';
import { servedMethods } from './serve.js';
import { enterGroup, onReport } from './shard.js';
import { holdStallWatch, releaseStallWatch } from './stalls.js';
import { whenIdle } from './traffic.js';
import { followParent } from './value-store.js';

let group: PeerGroup | undefined;

parentPort!.once('message', (start: StartMessage) => void run(start));

async function run(start: StartMessage): Promise<void> {
  const { port } = start;
  const tell = (message: FromWorker): void => port.postMessage(message);
  port.on('message', (message: ToWorker) => obey(message, start, tell));
  try {
    holdStallWatch();
    const { id, incarnation } = attachWith(start.options);
    await followParent(start.starter, { id, incarnation });
    await import(start.module);
    const methods = await servedMethods();
    if (methods === undefined) throw new Error(`${start.module} did not call serve()`);
    tell({ type: 'ready', address: { id, incarnation, methods } });
  } catch (error) {
    tell({ type: 'failed', error: describe(error) });
  }
}

function obey(message: ToWorker, start: StartMessage, tell: (message: FromWorker) => void): void {
  switch (message.type) {
    case 'topology':
      group = new PeerGroup(message.shards, start.index, start.maxInFlight, start.starter);
      enterGroup(group);
      releaseStallWatch();
      tell({ type: 'joined' });
      break;
    case 'meet':
      group?.peer(message.shard).succeed(message.address);
      tell({ type: 'met' });
      break;
    case 'drain':
      void whenIdle().then((activity) => tell({ type: 'drained', activity }));
      break;
    case 'report':
      forward(message.event);
      break;
    case 'end':
      end(start.port);
  }
}

function forward(event: ReportedEvent): void {
  onReport(event, (report) => parentPort!.postMessage({ corebuf: event, report } satisfies ReportFromWorker));
}

/** Whatever the module left open: the group is closed, and so is its thread. */
function end(port: MessagePort): void {
  port.close();
  process.exit(0);
}

function describe(error: unknown): Record<string, unknown> {
  return encodeError(asError(error, 'a shard') as Error & Record<string, unknown>);
}
