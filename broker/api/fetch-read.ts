// How a Fetch reads: from all partitions at once, again when more has come, and no more than the client takes.
import { IoBuf } from 'corebuf';
import { bytesOfBatches, hasBatchCompressedBy } from '../log/record-batch.js';
import { errorCodes } from '../protocol/error-codes.js';
import type { PartitionRead, ReadResult } from '../topics/partition-service.js';
import type { Call } from './api.js';

/** Partition of a request. A partition that is not there has an error and no place to read from. */
export interface Wanted {
  readonly partition: number;
  readonly errorCode: number;
  readonly read: PartitionRead | undefined;
}

/** One partition of the answer, and what was read from it. */
export interface Part {
  readonly wanted: Wanted;
  result: ReadResult;
}

export interface FetchLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

/** First version whose clients know zstd. */
const ZSTD_SINCE = 10;

/** Reads again when more has come, until there are `minBytes`, an error, or the time is over. Parts are in the order of `wanted`. */
export async function readWhenEnough(wanted: readonly Wanted[], { minBytes, maxBytes, maxWaitMs }: FetchLimits, call: Call): Promise<Part[]> {
  if (wanted.length === 0) return [];
  const deadline = performance.now() + maxWaitMs;
  const most = Math.max(maxBytes, 0);
  // The budget begins at any partition, or those that a client names last would starve.
  const first = Math.floor(Math.random() * wanted.length);
  for (;;) {
    const parts = await readOnce(wanted, most, first, call);
    const bytes = parts.reduce((sum, { result }) => sum + result.records.length, 0);
    const hasFailed = parts.some(({ result }) => result.errorCode !== errorCodes.NONE);
    const left = deadline - performance.now();
    if (bytes >= Math.min(minBytes, most) || hasFailed || left <= 0 || call.signal.aborted) return parts;
    release(parts);
    // Long polls wait for an end of a log, and never look again by a clock.
    await call.services.partitions.whenReadable(parts.flatMap(news), left, call.signal);
  }
}

/** A place at which there is nothing to read yet, behind what was read. */
function news({ wanted: { read }, result: { highWatermark } }: Part): PartitionRead[] {
  return read === undefined ? [] : [{ ...read, offset: read.offset > highWatermark ? read.offset : highWatermark }];
}

async function readOnce(wanted: readonly Wanted[], maxBytes: number, first: number, call: Call): Promise<Part[]> {
  const parts = await readAll(wanted, maxBytes, call);
  const inTurn = [...parts.slice(first), ...parts.slice(0, first)];
  try {
    await readFirstWhole(inTurn, maxBytes, call);
  } catch (error) {
    release(parts);
    throw error;
  }
  keepWithin(maxBytes, inTurn);
  if (call.version < ZSTD_SINCE) parts.forEach(refuseZstd);
  return parts;
}

/** Reads from each partition as much as if it was the only one. */
async function readAll(wanted: readonly Wanted[], maxBytes: number, call: Call): Promise<Part[]> {
  const there = wanted.filter(({ read }) => read !== undefined);
  const results = await call.services.partitions.read(there.map(({ read }) => limited(read!, maxBytes, false)));
  const resultOf = new Map(there.map((one, at) => [one, results[at]!]));
  const none = { highWatermark: -1n, logStartOffset: -1n };
  return wanted.map((one) => ({ wanted: one, result: resultOf.get(one) ?? { errorCode: one.errorCode, ...none, records: new IoBuf() } }));
}

/** The first partition that has records gives its first batch whole, whatever the limits: a client that takes less would never get on. */
async function readFirstWhole(inTurn: readonly Part[], maxBytes: number, call: Call): Promise<void> {
  const part = inTurn.find(({ wanted: { read }, result }) => {
    return read !== undefined && result.errorCode === errorCodes.NONE && result.highWatermark > read.offset;
  });
  if (part === undefined || part.result.records.length > 0) return;
  const [whole] = await call.services.partitions.read([limited(part.wanted.read!, maxBytes, true)]);
  part.result = whole!;
}

function limited(read: PartitionRead, maxBytes: number, wholeFirst: boolean): PartitionRead {
  return { ...read, maxBytes: Math.min(read.maxBytes, maxBytes), wholeFirst };
}

/** Keeps as many batches as fit; the first partition that has any keeps them in every case. */
function keepWithin(maxBytes: number, inTurn: readonly Part[]): void {
  const chains = inTurn.map(({ result }) => result.records).filter(({ length }) => length > 0);
  let left = maxBytes - (chains[0]?.length ?? 0);
  for (const records of chains.slice(1)) {
    if (records.length > left) records.trimBack(records.length - bytesOfBatches(records, left));
    left -= records.length;
  }
}

function refuseZstd(part: Part): void {
  const { records } = part.result;
  if (!hasBatchCompressedBy(records, 'zstd')) return;
  records.clear();
  part.result = { ...part.result, errorCode: errorCodes.UNSUPPORTED_COMPRESSION_TYPE };
}

function release(parts: readonly Part[]): void {
  for (const { result } of parts) result.records.release();
}
