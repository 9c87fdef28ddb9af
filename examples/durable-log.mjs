// Appends lines to a log, many at once, and acknowledges each when it survives a crash. Then reads the log from its beginning.
//
//   node durable-log.mjs [file] [lines]       default: a temporary file that is removed at the end, and 1000
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DmaFile, IoBuf, SegmentAppender } from 'corebuf';

const HEADER = 8; // length and crc32c of the line
const LENGTH_MAX = 1024 * 1024;

/** Calls in flight share one write and one sync. Resolves with the position of the record. */
async function append(log, line) {
  const body = IoBuf.from(line);
  const record = new IoBuf().appendUInt32BE(body.length).appendUInt32BE(body.crc32c()).take(body);
  body.release();
  try {
    const position = await log.append(record);
    await log.flush();
    return position;
  } finally {
    record.release();
  }
}

/** The lines of whole records, and where the last of them ends: after a crash, the file has zeros or half a record behind it. */
async function recover(path) {
  const lines = [];
  const unread = new IoBuf();
  const file = await DmaFile.open(path, 'a+');
  let end = 0;
  try {
    for await (const chunk of file.chunks()) {
      unread.take(chunk);
      for (;;) {
        const reader = unread.reader();
        if (!reader.has(HEADER)) break;
        const [length, crc] = [reader.readUInt32BE(), reader.readUInt32BE()];
        if (end === 0 && length > LENGTH_MAX) throw new Error(`${path} is no log of this program`);
        if (length === 0 || length > LENGTH_MAX) return { lines, end };
        if (!reader.has(length)) break;
        if (unread.crc32c(0, HEADER, HEADER + length) !== crc) return { lines, end };
        lines.push(reader.readString(length));
        unread.trimFront(HEADER + length);
        end += HEADER + length;
      }
    }
    return { lines, end };
  } finally {
    unread.release();
    await file.close();
  }
}

const folder = process.argv[2] === undefined ? await mkdtemp(join(tmpdir(), 'durable-log-')) : undefined;
const path = process.argv[2] ?? join(folder, 'log');
const count = Number(process.argv[3] ?? 1000);

const before = await recover(path);
const log = await SegmentAppender.open(path, { position: before.end });
const start = performance.now();
await Promise.all(Array.from({ length: count }, (_, number) => append(log, `line ${before.lines.length + number}`)));
console.log(`${count} lines are durable after ${(performance.now() - start).toFixed(1)} ms`);
await log.close();

const after = await recover(path);
console.log(`${after.lines.length} lines in the log; the last is '${after.lines.at(-1)}'`);
if (folder !== undefined) await rm(folder, { recursive: true });
