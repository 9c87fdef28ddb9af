// The checkpoint of a partition: up to where its log is known to be whole, and the state there. Recovery reads on from that place. A line
// with the CRC-32C of the rest comes first.
import { join } from 'node:path';
import { crc32cOf } from './checksum.js';
import type { ProducerSnapshot } from './producer-states.js';
import { readFileIfAny, replaceFile } from './small-file.js';

const NAME = 'checkpoint';
const VERSION = 1;

/** The end of a log at one moment. */
export interface LogEnd {
  /** Base offset of the segment that was the last one. */
  readonly segment: number;
  /** Bytes of that segment that are whole and durable. */
  readonly position: number;
  /** Offset of the first record behind them. */
  readonly offset: number;
  /** When the first batch of that segment was appended, in milliseconds. */
  readonly segmentSince: number;
  readonly producers: ProducerSnapshot;
}

export interface Checkpoint extends LogEnd {
  /** First offset that readers may see. */
  readonly startOffset: number;
}

export async function writeCheckpoint(folder: string, checkpoint: Checkpoint, options?: { durable?: boolean }): Promise<void> {
  const body = JSON.stringify({ version: VERSION, ...checkpoint });
  const crc = crc32cOf(Buffer.from(body)).toString(16);
  await replaceFile(join(folder, NAME), Buffer.from(`${crc}\n${body}`), options);
}

/** Undefined when there is none; 'damaged' when it cannot be used. */
export async function readCheckpoint(folder: string): Promise<Checkpoint | 'damaged' | undefined> {
  const bytes = await readFileIfAny(join(folder, NAME));
  if (bytes === undefined) return undefined;
  const lineEnd = bytes.indexOf('\n');
  const body = bytes.subarray(lineEnd + 1);
  if (lineEnd < 1 || Number.parseInt(bytes.toString('latin1', 0, lineEnd), 16) !== crc32cOf(body)) return 'damaged';
  const { version, ...checkpoint } = JSON.parse(body.toString()) as Checkpoint & { version: number };
  return version === VERSION ? checkpoint : 'damaged';
}
