// Workers that are terminated while they do what builds most objects in native code: loading the package, attaching, counting. Each
// ends at another moment; none may take the process along.
import { Worker } from 'node:worker_threads';
import '../support/compile-in-thread.js';

const ROUNDS = 40;
const AT_WORK = `
  const { parentPort } = require('node:worker_threads');
  parentPort.postMessage('loading');
  const { capabilities, stats, thisShard } = require('corebuf');
  for (;;) { capabilities(); stats(); thisShard.memory.stats(); }
`;

async function terminateAfter(milliseconds: number): Promise<void> {
  const worker = new Worker(AT_WORK, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await worker.terminate();
}

async function main(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await terminateAfter(round % 20);
  console.log('alive');
}

void main();
