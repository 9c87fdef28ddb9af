// Work of two kinds on one disk: readers of 4 KiB that users wait for, and in the background a scrub of the whole file or a log.
// Each round has the readers alone, the background alone, both in one I/O class, and both in classes of their own, one after the other.
import { join } from 'node:path';
import { DmaFile, ioClass, SegmentAppender } from 'corebuf';
import type { FileOptions } from 'corebuf';
import { settle, sideOf } from '../harness/measure.js';
import type { Case, Effort, OwnCase, Sides, Unit } from '../harness/suite.js';
import { anyBlock, BLOCK, fillFile, KIB, MIB } from './scratch-file.js';

const READERS = 16;
const RECORD = 64 * KIB;
/** Longer than a disk reads in the half second for which Linux lets a read wait behind others that are in order. */
const SCRUB_BYTES = 1024 * MIB;
/** A log begins anew when it has got so long. */
const LOG_BYTES_MOST = 512 * MIB;

const foreground: FileOptions = { class: ioClass('bench readers', { shares: 1000 }) };
const background: FileOptions = { class: ioClass('bench background', { shares: 1 }) };

/** Works until that time, and tells the bytes it has moved. */
type Bulk = (until: number, options: FileOptions) => Promise<number>;

/** Reads a second, their p99 in µs, and the background's GB/s. */
interface Figures {
  readonly reads: number;
  readonly p99: number;
  readonly bulk: number;
}

const WAYS = ['readers', 'bulk', 'mixed', 'classes'] as const;
type Rounds = Record<(typeof WAYS)[number], Figures[]>;

async function readUntil(until: number, file: DmaFile, options: FileOptions): Promise<number[]> {
  const times: number[] = [];
  const reader = async (): Promise<void> => {
    for (let start = performance.now(); start < until; ) {
      (await file.read(anyBlock(), BLOCK, options)).release();
      const end = performance.now();
      times.push((end - start) * 1e3);
      start = end;
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return times;
}

function scrubOf(file: DmaFile): Bulk {
  return async (until, options) => {
    let bytes = 0;
    while (performance.now() < until) {
      for await (const chunk of file.chunks({ chunk: MIB, ...options })) {
        bytes += chunk.length;
        chunk.release();
        if (performance.now() >= until) break;
      }
    }
    return bytes;
  };
}

function logIn(folder: string): Bulk {
  const record = Buffer.alloc(RECORD, 'r');
  return async (until, options) => {
    const log = await SegmentAppender.open(join(folder, 'beside'), options);
    let bytes = 0;
    for (; performance.now() < until; bytes += RECORD) {
      if (log.position > LOG_BYTES_MOST) await log.truncate(0);
      await log.append(record);
    }
    await log.truncate(0);
    await log.close();
    return bytes;
  };
}

async function run(ms: number, file: DmaFile, bulk: Bulk, way: keyof Rounds): Promise<Figures> {
  await settle();
  const [front, back] = way === 'classes' ? [foreground, background] : [{}, {}];
  const start = performance.now();
  const [times, bytes] = await Promise.all([
    way === 'bulk' ? [] : readUntil(start + ms, file, front),
    way === 'readers' ? 0 : bulk(start + ms, back),
  ]);
  times.sort((one, other) => one - other);
  return { reads: (times.length / ms) * 1e3, p99: times[Math.floor((times.length - 1) * 0.99)] ?? 0, bulk: bytes / ms / 1e6 };
}

/** All rows come from the rounds of the first. */
function rowsBeside(name: string, file: DmaFile, bulk: Bulk): OwnCase[] {
  const rounds: Rounds = { readers: [], bulk: [], mixed: [], classes: [] };
  const side = (way: keyof Rounds, figure: keyof Figures) => sideOf(rounds[way].map((each) => each[figure]));
  const measureAll = async (effort: Effort): Promise<void> => {
    for (let round = 0; round < Math.ceil(effort.rounds / 3); round++) {
      for (const way of WAYS) rounds[way].push(await run(effort.target * 40, file, bulk, way));
    }
  };
  const row = (what: string, unit: Unit, figure: keyof Figures, peer: keyof Rounds, peerName: string): OwnCase => ({
    kind: 'own',
    name: `${READERS} readers of 4 KiB beside ${name}: ${what}`,
    unit,
    peerName,
    measure: async (effort): Promise<Sides> => {
      if (rounds.classes.length === 0) await measureAll(effort);
      return { ours: side('classes', figure), peer: side(peer, figure) };
    },
  });
  return [
    row('reads', 'calls/s', 'reads', 'mixed', 'without classes'),
    row('reads', 'calls/s', 'reads', 'readers', 'readers alone'),
    row('p99 of reads', 'µs', 'p99', 'mixed', 'without classes'),
    row('p99 of reads', 'µs', 'p99', 'readers', 'readers alone'),
    row(name, 'GB/s', 'bulk', 'bulk', `${name} alone`),
    row(name, 'GB/s', 'bulk', 'mixed', 'without classes'),
  ];
}

export async function classCases(folder: string, path: string): Promise<[Case[], () => Promise<void>]> {
  const file = await DmaFile.open(path);
  const long = join(folder, 'scrubbed');
  fillFile(long, SCRUB_BYTES);
  const scrubbed = await DmaFile.open(long);
  const cases = [...rowsBeside('a scrub', file, scrubOf(scrubbed)), ...rowsBeside('a log', file, logIn(folder))];
  return [cases, async () => void (await Promise.all([file.close(), scrubbed.close()]))];
}
