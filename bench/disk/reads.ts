// Reads past the page cache: against fs.read with as many threads as Node is given, and against fio at the same depth.
import { closeSync, constants as fsConstants, openSync, read } from 'node:fs';
import { DmaBuffer, DmaFile } from 'corebuf';
import { settle, sideOf } from '../harness/measure.js';
import type { Case, Effort, OwnCase, Sides, Work } from '../harness/suite.js';
import { hasFio, runFio } from '../peers/fio.js';
import type { FioJob } from '../peers/fio.js';
import { concurrent } from './concurrent.js';
import { alignedBlocks, anyBlock, BLOCK, FILE_BYTES, MIB } from './scratch-file.js';

const DEPTH = 32;
const STREAM_DEPTH = 4;

type Closing = () => Promise<void>;

function ourReads(file: DmaFile, depth: number): Work {
  return concurrent(depth, async () => {
    (await file.read(anyBlock(), BLOCK)).release();
  });
}

function nodeReads(fd: number, depth: number): Work {
  const buffers = alignedBlocks(depth);
  return concurrent(depth, () => {
    const buffer = buffers.pop()!;
    return new Promise<void>((resolve, reject) => {
      read(fd, buffer, 0, BLOCK, anyBlock(), (error) => {
        buffers.push(buffer);
        if (error === null) resolve();
        else reject(error);
      });
    });
  });
}

/** How many operations of `work` a second, over some `ms`, and what each costs in µs of processor time. */
async function pace(work: Work, ms: number): Promise<{ perSecond: number; cpu: number }> {
  await settle();
  const batch = 1000;
  await work(batch / 4);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < ms; done += batch) await work(batch);
  const taken = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (done / taken) * 1e3, cpu: (user + system) / done };
}

/** Speed and processor time come from the same rounds. */
export async function readsBesideNode(path: string, pool: string): Promise<[Case[], Closing]> {
  const file = await DmaFile.open(path);
  const fd = openSync(path, fsConstants.O_RDONLY | fsConstants.O_DIRECT);
  const works = [ourReads(file, DEPTH), nodeReads(fd, DEPTH)];
  let cpu: Sides | undefined;
  const measure = async ({ rounds, target }: Effort): Promise<Sides> => {
    const [speeds, cpus]: [number[][], number[][]] = [[[], []], [[], []]];
    for (let round = 0; round < rounds; round++) {
      for (const [at, work] of works.entries()) {
        const paced = await pace(work, target * 4);
        speeds[at]!.push(paced.perSecond);
        cpus[at]!.push(paced.cpu);
      }
    }
    cpu = { ours: sideOf(cpus[0]!), peer: sideOf(cpus[1]!) };
    return { ours: sideOf(speeds[0]!), peer: sideOf(speeds[1]!) };
  };
  const named = { kind: 'own', peerName: `fs.read, O_DIRECT, ${pool}` } as const;
  const name = `4 KiB random reads, ${DEPTH} in flight`;
  return [
    [
      { ...named, name, unit: 'calls/s', measure },
      { ...named, name: `${name}: processor time for each`, unit: 'µs', measure: () => Promise.resolve(cpu!) },
    ],
    async () => {
      closeSync(fd);
      await file.close();
    },
  ];
}

/** Rounds of ours and of fio by turns; fio is a process of its own each time, and reads for as long. */
function besideFio(name: string, unit: 'calls/s' | 'GB/s', job: FioJob, ours: (ms: number) => Promise<number>): OwnCase {
  return {
    kind: 'own',
    name,
    unit,
    peerName: `fio, io_uring, depth ${job.depth}`,
    async measure({ rounds, target }: Effort): Promise<Sides> {
      const ms = target * 10;
      const [mine, theirs]: [number[], number[]] = [[], []];
      for (let round = 0; round < Math.ceil(rounds / 2); round++) {
        mine.push(await ours(ms));
        const { operations, bytes } = await runFio(job, ms);
        theirs.push(unit === 'GB/s' ? bytes / 1e9 : operations);
      }
      return { ours: sideOf(mine), peer: sideOf(theirs) };
    },
  };
}

export async function besideFioCases(path: string): Promise<[Case[], Closing]> {
  if (!hasFio()) {
    console.error('disk: without its rows beside fio: there is no fio');
    return [[], () => Promise.resolve()];
  }
  const file = await DmaFile.open(path, 'r+');
  const job = (rw: FioJob['rw'], blockSize: number, depth: number): FioJob => ({ path, rw, blockSize, size: FILE_BYTES, depth });
  const random = [1, DEPTH].map((depth) =>
    besideFio(`4 KiB random reads, ${depth} in flight`, 'calls/s', job('randread', BLOCK, depth), async (ms) =>
      (await pace(ourReads(file, depth), ms)).perSecond),
  );
  const block = DmaBuffer.alloc(MIB, { zero: true });
  let at = 0;
  const next = (): number => (at = (at + MIB) % FILE_BYTES);
  const sequential = async (ms: number, once: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    let bytes = 0;
    const caller = async (): Promise<void> => {
      for (; performance.now() - start < ms; bytes += MIB) await once();
    };
    await Promise.all(Array.from({ length: STREAM_DEPTH }, caller));
    return bytes / (performance.now() - start) / 1e6;
  };
  return [
    [
      ...random,
      besideFio('1 MiB sequential reads', 'GB/s', job('read', MIB, STREAM_DEPTH), (ms) =>
        sequential(ms, async () => (await file.read(next(), MIB)).release())),
      besideFio('1 MiB sequential writes', 'GB/s', job('write', MIB, STREAM_DEPTH), (ms) =>
        sequential(ms, () => file.write(next(), block))),
    ],
    async () => {
      block.release();
      await file.close();
    },
  ];
}
