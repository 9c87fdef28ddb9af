// Ends its process at one step of a life, with process.exit() or by having nothing more to do: exit code 0, and nothing on stderr.
import { join } from 'node:path';
import { attach, DmaBuffer, DmaFile, IoBuf, SegmentAppender, ShardedValue, ShardGroup } from 'corebuf';
import type { Mortal, MortalData } from '../workers/mortal.js';

type Group = ShardGroup<Mortal>;

const folder = process.argv[3]!;

function start(failure?: MortalData['failure']): Promise<Group> {
  const workerData: MortalData = failure === undefined ? {} : { failFrom: 0, failure };
  return ShardGroup.start<Mortal>(join(__dirname, '../workers/mortal.js'), { shards: 2, memory: '32MiB', pin: false, restart: { delay: 0 }, workerData });
}

async function end(): Promise<never> {
  process.exit(0);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const steps: Record<string, () => Promise<unknown>> = {
  'before attach': end,
  'after attach': () => Promise.resolve(attach({ memory: '16MiB' })),
  'after attach, by exit': () => (attach(), end()),
  'in start()': async () => {
    void start();
    await turns(5);
    await end();
  },
  'in start(), of a module that never serves': async () => {
    void start('hang');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await end();
  },
  'after start()': async () => (await start(), end()),
  'with calls': async () => {
    const group = await start();
    for (let at = 0; at < 100; at++) void group.shard(at % 2).length(IoBuf.from('x'.repeat(at * 50)));
    void group.shard(0).callNever(1);
    await turns(1);
    await end();
  },
  'with calls that are too many': async () => {
    const group = await start();
    for (let at = 0; at < 3000; at++) void group.shard(0).never();
    await end();
  },
  'in close()': async () => {
    const group = await start();
    void group.shard(0).threadOf(1);
    void group.close();
    await turns(2);
    await end();
  },
  'after close()': async () => (await start()).close(),
  'in a restart': async () => {
    const group = await start();
    const dying = group.shard(0).exit(1).catch(() => undefined);
    await dying;
    await turns(20);
    await end();
  },
  'with open files': async () => {
    const file = await DmaFile.open(join(folder, 'file'), 'w+');
    const log = await SegmentAppender.open(join(folder, 'log'));
    void log.append(Buffer.alloc(100_000));
    void log.flush();
    void file.write(0, DmaBuffer.alloc(1 << 20));
    await end();
  },
  'with timers': async () => {
    attach();
    setInterval(() => IoBuf.from('again').release(), 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await end();
  },
  'in a set() of a value': async () => {
    await start();
    const value = ShardedValue.of<unknown>('value', 0);
    for (let at = 0; at < 50; at++) void value.set(at);
    await turns(1);
    await end();
  },
};

void steps[process.argv[2]!]!();
