// Ends in the way that it is told to, with logs of every state.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { SegmentAppender } from 'corebuf';

const [how, folder] = isMainThread ? process.argv.slice(2) : (workerData as string[]);

async function main(): Promise<void> {
  const lost = await SegmentAppender.open(`${folder}/lost`);
  await lost.append('durable');
  await lost.flush();
  await lost.append('123456789');
  const flushed = await SegmentAppender.open(`${folder}/flushed`);
  await flushed.append('durable');
  await flushed.flush();
  const closed = await SegmentAppender.open(`${folder}/closed`);
  await closed.append('durable');
  await closed.close();
  if (how === 'exit' || how === 'worker-exit') process.exit(0);
  if (how === 'throw') throw new Error('the end');
}

if (isMainThread && how!.startsWith('worker')) new Worker(__filename, { workerData: [how, folder] });
else void main();
