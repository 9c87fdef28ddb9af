// The frames that travel over TCP. A record is stored byte for byte as it was received, so that the server never builds one: what
// it has parsed it moves on. Numbers are big-endian; length and crc32c are of what follows them.
//
//   frame    length u32 │ kind u8 │ …
//   record   … │ crc32c u32 │ sequence u32 │ key length u32 │ key │ payload
//   fetch    … │ key                      asks for all records of a key
//   end      … │ records u32              after the last record of a fetch: how many there are
//   ack      … │ records u32              so many records of this connection are durable
//   failure  … │ message                  the last thing that a server says
import { IoBuf } from 'corebuf';

export const kinds = { record: 1, fetch: 2, end: 3, ack: 4, failure: 5 } as const;

/** Payload of one record, at most. */
export const PIECE = 16 * 1024;
/** A longer frame is no frame of ours: the length decides how much memory a client may make us hold. */
const FRAME_MAX = 64 * 1024;

const LENGTH = 4;
const CHECKSUM_AT = 5;
const CHECKED_AT = 9;
const KEY_AT = 17;

export interface RecordHeader {
  readonly sequence: number;
  readonly key: string;
  /** Bytes of the payload. */
  readonly payload: number;
}

/** Everything of a record but the payload, which follows it as it is. */
export function recordHeader(key: string, sequence: number, payload: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const header = Buffer.allocUnsafe(KEY_AT + name.length);
  header.writeUInt32BE(header.length - LENGTH + payload.length, 0);
  header.writeUInt8(kinds.record, LENGTH);
  header.writeUInt32BE(sequence, CHECKED_AT);
  header.writeUInt32BE(name.length, CHECKED_AT + 4);
  header.set(name, KEY_AT);
  using checked = new IoBuf();
  checked.append(header.subarray(CHECKED_AT)).append(payload);
  header.writeUInt32BE(checked.crc32c(), CHECKSUM_AT);
  return header;
}

export function textFrame(kind: number, text: string): Buffer {
  const body = Buffer.from(text);
  const frame = Buffer.allocUnsafe(LENGTH + 1 + body.length);
  frame.writeUInt32BE(1 + body.length, 0);
  frame.writeUInt8(kind, LENGTH);
  frame.set(body, LENGTH + 1);
  return frame;
}

export function countFrame(kind: number, count: number): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH + 5);
  frame.writeUInt32BE(5, 0);
  frame.writeUInt8(kind, LENGTH);
  frame.writeUInt32BE(count, LENGTH + 1);
  return frame;
}

export function kindOf(frame: IoBuf): number {
  return frame.reader().skip(LENGTH).readUInt8();
}

/** The text of a fetch or a failure. */
export function textOf(frame: IoBuf): string {
  return frame.toString('utf8', LENGTH + 1);
}

/** The number in an ack or an end. */
export function countOf(frame: IoBuf): number {
  return frame.reader().skip(LENGTH + 1).readUInt32BE();
}

/** True when the record is what its writer made. A share is a reference: the bytes are summed up where they lie. */
export function isIntact(frame: IoBuf): boolean {
  if (frame.length < KEY_AT || kindOf(frame) !== kinds.record) return false;
  using checked = frame.share(CHECKED_AT);
  return checked.crc32c() === frame.reader().skip(CHECKSUM_AT).readUInt32BE();
}

export function readRecord(frame: IoBuf): RecordHeader {
  const reader = frame.reader().skip(CHECKED_AT);
  const sequence = reader.readUInt32BE();
  const key = reader.readString(reader.readUInt32BE());
  return { sequence, key, payload: reader.remaining };
}

/** Bytes as they came, and the frames in them. */
export class Inbox {
  readonly #bytes = new IoBuf();
  readonly #reader = this.#bytes.reader();

  /** Copies `chunk` into slab memory: the first of the two copies on the way to the disk. */
  append(chunk: Uint8Array): void {
    this.#bytes.append(chunk);
  }

  /** Moves `chain` behind the bytes that are here. */
  take(chain: IoBuf): void {
    this.#bytes.take(chain);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The next frame, when all of it is here. It is cut out, not copied; the caller releases it. */
  next(): IoBuf | undefined {
    this.#reader.position = 0;
    if (!this.#reader.has(LENGTH)) return undefined;
    const length = this.#reader.readUInt32BE();
    if (length === 0 || length > FRAME_MAX) throw new Error(`a frame cannot be ${length} bytes long`);
    return this.#reader.has(length) ? this.#bytes.takeFront(LENGTH + length) : undefined;
  }

  release(): void {
    this.#bytes.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
