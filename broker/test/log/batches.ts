// Record batches as a client sends them, made by hand.
import { IoBuf } from 'corebuf';

export interface BatchOptions {
  readonly values?: readonly string[];
  readonly timestamps?: readonly bigint[];
  readonly producerId?: bigint;
  readonly epoch?: number;
  readonly sequence?: number;
  readonly attributes?: number;
  /** What the records become; `attributes` tell of it. */
  readonly compress?: (records: Buffer) => Buffer;
}

/** One batch; its records have the values and no keys. */
export function batchOf(options: BatchOptions = {}): IoBuf {
  const { values = ['value'], timestamps = values.map(() => 1000n), producerId = -1n, epoch = -1, sequence = -1, attributes = 0 } = options;
  using checked = new IoBuf().appendInt16BE(attributes).appendInt32BE(values.length - 1);
  const latest = timestamps.reduce((one, other) => (one > other ? one : other));
  checked.appendBigInt64BE(timestamps[0]!).appendBigInt64BE(latest);
  checked.appendBigInt64BE(producerId).appendInt16BE(epoch).appendInt32BE(sequence).appendInt32BE(values.length);
  using records = new IoBuf();
  for (const [at, value] of values.entries()) appendRecord(records, at, timestamps[at]! - timestamps[0]!, value);
  checked.append(options.compress === undefined ? records : options.compress(records.toBuffer()));
  const batch = new IoBuf().appendBigInt64BE(0n).appendInt32BE(checked.length + 9).appendInt32BE(-1).appendInt8(2);
  return batch.appendUInt32BE(checked.crc32c()).append(checked);
}

function appendRecord(to: IoBuf, offsetDelta: number, timestampDelta: bigint, value: string): void {
  const bytes = Buffer.from(value);
  using body = new IoBuf().appendInt8(0).appendVarlong(timestampDelta).appendVarint(offsetDelta).appendVarint(-1);
  body.appendVarint(bytes.length).append(bytes).appendVarint(0);
  to.appendVarint(body.length).append(body);
}

/** A batch with one byte changed, or any number of bytes replaced. */
export function changed(batch: IoBuf, at: number, ...bytes: number[]): IoBuf {
  const copy = batch.toBuffer();
  batch.release();
  copy.set(bytes, at);
  return IoBuf.from(copy);
}

/** A record of what a log returned. */
export interface SeenRecord {
  readonly offset: number;
  readonly value: string;
}

/** All records of whole uncompressed batches, whose checksums are verified. Releases the chain. */
export function recordsIn(chain: IoBuf): SeenRecord[] {
  const seen: SeenRecord[] = [];
  const reader = chain.reader();
  while (reader.remaining > 0) {
    const start = reader.position;
    const base = Number(reader.readBigInt64BE());
    const length = reader.readInt32BE() + 12;
    reader.position = start + 17;
    if (reader.readUInt32BE() !== chain.crc32c(0, start + 21, start + length)) throw new Error(`the batch at ${base} is damaged`);
    reader.position = start + 57;
    const count = reader.readInt32BE();
    for (let record = 0; record < count; record++) {
      reader.readVarint();
      reader.readInt8();
      reader.readVarlong();
      const offset = base + reader.readVarint();
      reader.readVarint();
      seen.push({ offset, value: reader.readString(reader.readVarint()) });
      reader.readVarint();
    }
    if (reader.position !== start + length) throw new Error(`the batch at ${base} has another length than its records`);
  }
  chain.release();
  return seen;
}
