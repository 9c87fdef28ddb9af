// How a Fetch reads: from all partitions at once, again when more has come, and no more than the client takes.
import { IoBuf } from 'corebuf';
import { hasBatchCompressedBy } from '../log/record-batch.js';
import { errorCodes } from '../protocol/error-codes.js';
import type { PartitionRead, ReadResult } from '../topics/partition-service.js';
import type { Call } from './api.js';

/** Partition of a request. A partition that is not there has an error and no place to read from. */
export interface Wanted {
  readonly partition: number;
  readonly errorCode: number;
  readonly read: PartitionRead | undefined;
}

/** One partition of the answer. */
export interface Part extends ReadResult {
  readonly partition: number;
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
  const deadline = performance.now() + maxWaitMs;
  const most = Math.max(maxBytes, 0);
  // The budget begins at any partition, or those that a client names last would starve.
  const first = Math.floor(Math.random() * wanted.length);
  for (;;) {
    const parts = await readOnce(wanted, most, first, call);
    const bytes = parts.reduce((sum, { records }) => sum + records.length, 0);
    const hasFailed = parts.some(({ errorCode }) => errorCode !== errorCodes.NONE);
    const left = deadline - performance.now();
    if (bytes >= Math.min(minBytes, most) || hasFailed || left <= 0 || call.signal.aborted) return parts;
    for (const { records } of parts) records.release();
    const news = wanted.flatMap(({ read }, at) => (read === undefined ? [] : [{ ...read, offset: parts[at]!.highWatermark }]));
    // Long polls wait for an end of a log, and never look again by a clock.
    await call.services.partitions.whenReadable(news, left, call.signal);
  }
}

async function readOnce(wanted: readonly Wanted[], maxBytes: number, first: number, call: Call): Promise<Part[]> {
  const reads = wanted.flatMap(({ read }) => (read === undefined ? [] : [limited(read, maxBytes, false)]));
  const results = (await call.services.partitions.read(reads))[Symbol.iterator]();
  const parts = wanted.map(({ read, errorCode, partition }): Part => {
    const result = read === undefined ? undefined : (results.next().value as ReadResult);
    return { partition, ...(result ?? { errorCode, highWatermark: -1n, logStartOffset: -1n, records: new IoBuf() }) };
  });
  const order = parts.map((_, nth) => (first + nth) % parts.length);
  await readFirstWhole(order, wanted, parts, maxBytes, call);
  dropAbove(maxBytes, order, parts);
  return call.version < ZSTD_SINCE ? parts.map(refuseZstd) : parts;
}

/** The first partition that has records gives its first batch whole, whatever the limits: a client that takes less would never get on. */
async function readFirstWhole(order: readonly number[], wanted: readonly Wanted[], parts: Part[], maxBytes: number, call: Call): Promise<void> {
  const at = order.find((index) => {
    const { read } = wanted[index]!;
    return read !== undefined && parts[index]!.errorCode === errorCodes.NONE && parts[index]!.highWatermark > read.offset;
  });
  if (at === undefined || parts[at]!.records.length > 0) return;
  const [whole] = await call.services.partitions.read([limited(wanted[at]!.read!, maxBytes, true)]);
  parts[at] = { ...parts[at]!, ...whole! };
}

function limited(read: PartitionRead, maxBytes: number, wholeFirst: boolean): PartitionRead {
  return { ...read, maxBytes: Math.min(read.maxBytes, maxBytes), wholeFirst };
}

/** Keeps the batches of as many partitions as fit; the first that has any keeps them in every case. */
function dropAbove(maxBytes: number, order: readonly number[], parts: readonly Part[]): void {
  let left = maxBytes;
  for (const index of order) {
    const { records } = parts[index]!;
    if (records.length === 0) continue;
    if (left === maxBytes || records.length <= left) left -= records.length;
    else records.clear();
  }
}

function refuseZstd(part: Part): Part {
  if (!hasBatchCompressedBy(part.records, 'zstd')) return part;
  part.records.clear();
  return { ...part, errorCode: errorCodes.UNSUPPORTED_COMPRESSION_TYPE };
}
