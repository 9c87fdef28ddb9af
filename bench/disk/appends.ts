// Logs: many callers who want to know that their record is safe, and one who writes small records as fast as it can.
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { join } from 'node:path';
import { SegmentAppender } from 'corebuf';
import { settle, sideOf } from '../harness/measure.js';
import type { Case, Effort, Sides } from '../harness/suite.js';
import { BatchedLog } from '../peers/batched-log.js';
import { concurrent } from './concurrent.js';
import { KIB, MIB } from './scratch-file.js';

const CALLERS = 64;
const RECORD = 100;
/** A log begins anew when it has got so long. */
const LOG_BYTES_MOST = 512 * MIB;

type Closing = () => Promise<void>;

export async function durableAppends(folder: string): Promise<[Case[], Closing]> {
  const log = await SegmentAppender.open(join(folder, 'durable'));
  const peer = await BatchedLog.open(join(folder, 'durable-peer'));
  const record = Buffer.alloc(KIB, 'r');
  const measured: Case = {
    kind: 'work',
    name: `1 KiB, durable, ${CALLERS} callers`,
    unit: 'calls/s',
    peerName: 'batch, writev, fdatasync',
    ours: concurrent(CALLERS, async () => {
      await log.append(record);
      await log.flush();
    }),
    peer: concurrent(CALLERS, () => peer.append(record)),
  };
  return [[measured], async () => void (await Promise.all([log.close(), peer.close()]))];
}

/** One side: both give way when they are full, and what they have taken by then is on its way. */
interface PlainLog {
  write(records: number): Promise<void>;
  /** Everything has been written. */
  settled(): Promise<void>;
}

class OurLog implements PlainLog {
  readonly #log: SegmentAppender;
  readonly #record = Buffer.alloc(RECORD, 'r');

  constructor(log: SegmentAppender) {
    this.#log = log;
  }

  async write(records: number): Promise<void> {
    for (; records > 0; records--) {
      if (this.#log.tryAppend(this.#record) === undefined) await this.#log.append(this.#record);
    }
  }

  async settled(): Promise<void> {
    if (this.#log.position > LOG_BYTES_MOST) await this.#log.truncate(0);
    else await this.#log.flush();
  }
}

class StreamLog implements PlainLog {
  readonly #path: string;
  readonly #record = Buffer.alloc(RECORD, 'r');
  #stream: WriteStream;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(path);
  }

  async write(records: number): Promise<void> {
    for (; records > 0; records--) {
      if (!this.#stream.write(this.#record)) await new Promise<void>((resolve) => this.#stream.once('drain', resolve));
    }
  }

  async settled(): Promise<void> {
    if (this.#stream.bytesWritten <= LOG_BYTES_MOST) return;
    await this.close();
    this.#stream = createWriteStream(this.#path);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }
}

/** Processor time of the whole process, in µs for each record, and records in MB/s. */
async function pace(log: PlainLog, records: number): Promise<{ speed: number; cpu: number }> {
  await log.write(records / 4);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await log.write(records);
  const taken = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  await log.settled();
  await settle();
  return { speed: (records * RECORD) / taken / 1e6, cpu: (user + system) / records };
}

/** Speed and processor time come from the same rounds. */
export async function plainAppends(folder: string): Promise<[Case[], Closing]> {
  const log = await SegmentAppender.open(join(folder, 'plain'));
  const ours = new OurLog(log);
  const peer = new StreamLog(join(folder, 'plain-peer'));
  let cpu: Sides | undefined;
  const sides = async ({ rounds, target }: Effort): Promise<Sides> => {
    const [speeds, cpus]: [[number[], number[]], [number[], number[]]] = [[[], []], [[], []]];
    const records = target * 4000;
    for (let round = 0; round < rounds; round++) {
      for (const [at, side] of [ours, peer].entries()) {
        const { speed, cpu: spent } = await pace(side, records);
        speeds[at]!.push(speed);
        cpus[at]!.push(spent);
      }
    }
    cpu = { ours: sideOf(cpus[0]), peer: sideOf(cpus[1]) };
    return { ours: sideOf(speeds[0]), peer: sideOf(speeds[1]) };
  };
  const names = { kind: 'own', peerName: 'createWriteStream' } as const;
  return [
    [
      { ...names, name: `${RECORD} bytes, not flushed`, unit: 'GB/s', measure: sides },
      { ...names, name: `${RECORD} bytes, not flushed: processor time for each`, unit: 'µs', measure: () => Promise.resolve(cpu!) },
    ],
    async () => void (await Promise.all([log.close(), peer.close()])),
  ];
}

