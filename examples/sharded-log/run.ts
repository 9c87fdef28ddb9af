// One run: shards up, everything in, everything out, shards down. Whatever happens, nothing stays behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DmaFile, ShardGroup, stats } from 'corebuf';
import type { ShardExit } from 'corebuf';
import { Client } from './client.js';
import { countersOf, phaseOf, sum } from './figures.js';
import type { End, Figures } from './figures.js';
import type { InputFile } from './input.js';
import type { Options } from './options.js';
import type { LogSettings, LogShard } from './shard.js';

/** Enough for everything that is under way at once; a shard that needs more fails, and says so. */
const MEMORY_PER_SHARD = 64 * 2 ** 20;
const COMING_HOME_MS = 2000;
const SYMPTOMS_MS = 100;

type Files = readonly InputFile[];
type LogGroup = ShardGroup<LogShard>;

/** Told where a run is. */
export interface Watcher {
  begin(phase: string, total: number): void;
  counted(bytes: number): void;
  /** Seconds since the beginning. */
  end(): number;
}

/** Logs `files`, reads them back and compares. @throws when anything is wrong, or the signal says stop. */
export async function run(options: Options, files: Files, watcher: Watcher, signal?: AbortSignal): Promise<Figures> {
  const folder = await makeFolder(options.dir);
  try {
    const settings: LogSettings = { folder, engine: options.engine, net: options.net };
    const group = await ShardGroup.start<LogShard>(join(__dirname, 'shard.js'), {
      shards: options.shards,
      memory: options.shards * MEMORY_PER_SHARD,
      workerData: settings,
    });
    const death = ended(group);
    try {
      const figures = await Promise.race([work(group, options, files, watcher), death, aborted(signal)]);
      await group.close();
      return figures;
    } catch (error) {
      // When a shard dies, connections break and calls fail too, and often first: the death is what is worth telling.
      await Promise.race([death, sleep(SYMPTOMS_MS)]);
      throw error;
    } finally {
      // After a failure: a close() would wait for calls that may never be answered. The memory of the shards goes with them.
      await Promise.all(Array.from({ length: group.size }, (_, shard) => group.terminate(shard)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function work(group: LogGroup, options: Options, files: Files, watcher: Watcher): Promise<Figures> {
  const opened = await Promise.all(Array.from({ length: group.size }, (_, shard) => group.shard(shard).open(shard)));
  const payloadBytes = sum(files, ({ size }) => size);
  const client = await Client.connect(opened.map(({ port }) => port), options.connections, files);
  try {
    const before = await group.stats();
    watcher.begin('writing', payloadBytes);
    await client.write(watcher.counted);
    const writeSeconds = watcher.end();

    const between = await group.stats();
    watcher.begin('reading back', payloadBytes);
    await client.verify(watcher.counted);
    const readSeconds = watcher.end();

    const after = await group.stats();
    await client.close();
    const counters = await group.all.counters();
    await group.all.close();
    const end = await settled(group);
    const { engine, direct, alignment } = opened[0]!;
    return {
      files: files.length,
      payloadBytes,
      connections: options.connections,
      write: phaseOf(writeSeconds, payloadBytes, before, between),
      read: phaseOf(readSeconds, payloadBytes, between, after),
      ...countersOf(before, end, counters),
      engine,
      direct,
      alignment,
    };
  } finally {
    await client.close();
  }
}

/** The counters once every chain has come home, or the time for it is over. */
async function settled(group: LogGroup): Promise<End> {
  const deadline = performance.now() + COMING_HOME_MS;
  for (;;) {
    const client = stats();
    const shards = await group.stats();
    const alive = sum([...shards, client], ({ memory }) => memory.liveObjects);
    if (alive === 0 || performance.now() > deadline) return { shards, client };
    await sleep(5);
  }
}

/** Rejects when a shard ends before it was told to. */
function ended(group: LogGroup): Promise<never> {
  return new Promise((_, reject) => {
    group.addListener('exit', ({ index: shard, code, error }: ShardExit) => {
      const why = error === undefined ? '' : `: ${error.message}`;
      reject(new Error(`shard ${shard} has ended with code ${code}${why}`));
    });
  });
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error);
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** A folder of our own: in `dir`, or where direct I/O works, which a temporary folder in memory cannot do. */
async function makeFolder(dir: string | undefined): Promise<string> {
  const prefix = 'sharded-log-';
  if (dir !== undefined) return mkdtemp(join(resolve(dir), prefix));
  const places = [resolve('out'), tmpdir()].filter((place) => existsSync(place));
  for (const place of places) {
    const folder = await mkdtemp(join(place, prefix)).catch(() => undefined);
    if (folder === undefined) continue;
    if (place === places.at(-1) || (await takesDirect(folder))) return folder;
    await rm(folder, { recursive: true, force: true });
  }
  throw new Error('there is no folder to write segments to: name one with --dir');
}

async function takesDirect(folder: string): Promise<boolean> {
  const path = join(folder, 'probe');
  const file = await DmaFile.open(path, 'w+');
  await file.close();
  await rm(path);
  return file.direct;
}
