// One record for a broker that has just begun, by hand: a client of its own would take longer to start than the broker.
import { crc32c } from '@node-rs/crc32';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Reader, Writer } from './plain-wire.js';

const PRODUCE = 0;
const METADATA = 3;
/** Bytes of a batch before what its checksum covers. */
const CHECKED_FROM = 21;
const TIMEOUT_MS = 10_000;

/** Resolves when the record is acknowledged by all, which means on the disk. `topic` is made, which the broker may need some time for. */
export async function sendFirstRecord(address: string, topic: string): Promise<void> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connect(Number(port), host).setNoDelay(true);
  const deadline = performance.now() + TIMEOUT_MS;
  await once(socket, 'connect');
  for (let code = -1; code !== 0; ) {
    if (performance.now() > deadline) throw new Error(`the first record was refused with error ${code} for ${TIMEOUT_MS} ms`);
    await ask(socket, request(METADATA, 4).i32(1).string(topic).i8(1));
    code = errorOf(await ask(socket, produceRequest(topic)));
  }
  socket.destroy();
}

function request(api: number, version: number): Writer {
  return new Writer().i16(api).i16(version).i32(1).string('first');
}

function produceRequest(topic: string): Writer {
  const batch = batchOfOne();
  return request(PRODUCE, 7).string(null).i16(-1).i32(TIMEOUT_MS).i32(1).string(topic).i32(1).i32(0).i32(batch.length).parts([batch]);
}

/** Error code of the only partition. */
function errorOf(answer: Buffer): number {
  const reader = new Reader(answer);
  reader.skip(8); // correlation id, number of topics
  reader.string();
  reader.skip(8); // number of partitions, partition
  return reader.i16();
}

/** A batch of one record without key and value: length, attributes, timestamp and offset from the batch's, no key, no value, no headers. */
function batchOfOne(): Buffer {
  const now = BigInt(Date.now());
  const checked = new Writer().i16(0).i32(0).i64(now).i64(now).i64(-1n).i16(-1).i32(-1).i32(1);
  const record = Buffer.from([12, 0, 0, 0, 1, 1, 0]);
  const body = Buffer.concat([...checked.frame().map((part, at) => (at === 0 ? part.subarray(4) : part)), record]);
  const head = Buffer.alloc(CHECKED_FROM);
  head.writeInt32BE(body.length + CHECKED_FROM - 12, 8);
  head.writeInt8(2, 16);
  head.writeUInt32BE(crc32c(body), 17);
  return Buffer.concat([head, body]);
}

/** The body of the answer. */
async function ask(socket: Socket, asked: Writer): Promise<Buffer> {
  for (const part of asked.frame()) socket.write(part);
  let answer = Buffer.alloc(0);
  while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(TIMEOUT_MS) })) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
  }
  return answer.subarray(4);
}
