// Files: durable and plain appends, and random reads, beside what is best in Node without an addon.
import { constants as fsConstants, createWriteStream, closeSync, fdatasyncSync, mkdtempSync, openSync, read, rmSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DmaFile, SegmentAppender } from 'corebuf';
import type { Case, OpenSuite, Suite, Work } from './harness/suite.js';
import { BatchedLog } from './peers/batched-log.js';

/** Node has it; the typings have it among the browser's only. */
declare const WebAssembly: { Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer } };

const KIB = 1024;
const MIB = 1024 * KIB;
const CALLERS = 64;
const READS_IN_FLIGHT = 32;
const FILE_BYTES = 256 * MIB;
const BLOCK = 4 * KIB;
const RECORD = 100;
/** A log begins anew when it has got so long. */
const LOG_BYTES_MOST = 512 * MIB;

/** `callers` at a time, each of which goes on as soon as it is done. */
function concurrent(callers: number, once: () => Promise<unknown>): Work {
  return async (count) => {
    let left = count;
    const caller = async (): Promise<void> => {
      while (left-- > 0) await once();
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };
}

async function durableAppends(folder: string): Promise<[Case, () => Promise<void>]> {
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
  return [measured, async () => void (await Promise.all([log.close(), peer.close()]))];
}

/** Both give way when they are full, and everything has been written when the clock stops. */
async function plainAppends(folder: string): Promise<[Case, () => Promise<void>]> {
  const log = await SegmentAppender.open(join(folder, 'plain'));
  const record = Buffer.alloc(RECORD, 'r');
  let stream = createWriteStream(join(folder, 'plain-peer'));
  const measured: Case = {
    kind: 'work',
    name: `${RECORD} bytes, not flushed`,
    unit: 'GB/s',
    bytes: RECORD,
    peerName: 'createWriteStream',
    async ours(count) {
      for (let at = 0; at < count; at++) {
        if (log.tryAppend(record) === undefined) await log.append(record);
      }
      if (log.position > LOG_BYTES_MOST) await log.truncate(0);
    },
    async peer(count) {
      for (let at = 0; at < count; at++) {
        if (!stream.write(record)) await drained(stream);
      }
      if (stream.bytesWritten > LOG_BYTES_MOST) {
        await ended(stream);
        stream = createWriteStream(join(folder, 'plain-peer'));
      }
    },
  };
  return [measured, async () => void (await Promise.all([log.close(), ended(stream)]))];
}

function drained(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}

function ended(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => stream.end(() => resolve()));
}

async function randomReads(folder: string): Promise<[Case, () => Promise<void>]> {
  const path = join(folder, 'blocks');
  fillFile(path);
  const file = await DmaFile.open(path);
  const fd = openSync(path, fsConstants.O_RDONLY | fsConstants.O_DIRECT);
  const buffers = alignedBlocks(READS_IN_FLIGHT);
  const anywhere = (): number => Math.floor(Math.random() * (FILE_BYTES / BLOCK)) * BLOCK;
  const measured: Case = {
    kind: 'work',
    name: `4 KiB random reads, ${READS_IN_FLIGHT} in flight`,
    unit: 'calls/s',
    peerName: 'fs.read, O_DIRECT',
    ours: concurrent(READS_IN_FLIGHT, async () => {
      (await file.read(anywhere(), BLOCK)).release();
    }),
    peer: concurrent(READS_IN_FLIGHT, () => {
      const buffer = buffers.pop()!;
      return new Promise<void>((resolve, reject) => {
        read(fd, buffer, 0, BLOCK, anywhere(), (error) => {
          buffers.push(buffer);
          if (error === null) resolve();
          else reject(error);
        });
      });
    }),
  };
  return [
    measured,
    async () => {
      closeSync(fd);
      await file.close();
    },
  ];
}

/** The one way to page-aligned memory in plain Node: O_DIRECT refuses what Buffer allocates. */
function alignedBlocks(count: number): Buffer[] {
  const pages = new WebAssembly.Memory({ initial: (count * BLOCK) / (64 * KIB) }).buffer;
  return Array.from({ length: count }, (_, at) => Buffer.from(pages, at * BLOCK, BLOCK));
}

function fillFile(path: string): void {
  const fd = openSync(path, 'w');
  const bytes = Buffer.alloc(MIB, 'b');
  for (let at = 0; at < FILE_BYTES; at += MIB) writeSync(fd, bytes);
  fdatasyncSync(fd);
  closeSync(fd);
}

async function open(): Promise<OpenSuite> {
  const folder = mkdtempSync(join(tmpdir(), 'corebuf-bench-'));
  const opened = [await durableAppends(folder), await plainAppends(folder), await randomReads(folder)];
  return {
    cases: opened.map(([measured]) => measured),
    async close() {
      for (const [, close] of opened) await close();
      rmSync(folder, { recursive: true });
    },
  };
}

export const disk: Suite = { name: 'disk', about: 'appending to files, and reading from them past the page cache', open };
