// The peer: the same engine as one writes it with plain Node: Buffers, node:net, writev and datasync for all batches that came meanwhile, the
// last batches in memory. One thread; one version of each request; no groups, no retention, no recovery. Arguments: folder.
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { answerFigures } from './figures.js';
import { PlainLog } from './plain-log.js';
import { Reader, Writer } from './plain-wire.js';

const PARTITIONS = 4;
const versions = { 0: [0, 7], 1: [4, 11], 2: [1, 1], 3: [0, 4], 8: [2, 2], 9: [1, 1], 10: [0, 0], 11: [0, 0], 12: [0, 0], 13: [0, 0], 14: [0, 0], 18: [0, 0] };
const PRODUCE = 0;
const FETCH = 1;
const LIST_OFFSETS = 2;
const METADATA = 3;
const FIND_COORDINATOR = 10;
const LATEST = -1n;

const [folder] = process.argv.slice(2) as [string];
const topics = new Map<string, Promise<PlainLog[]>>();

function logsOf(topic: string): Promise<PlainLog[]> {
  let logs = topics.get(topic);
  if (logs === undefined) {
    logs = Promise.all(Array.from({ length: PARTITIONS }, (_, at) => PlainLog.open(join(folder, `${topic}-${at}`))));
    topics.set(topic, logs);
  }
  return logs;
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let input: Buffer = Buffer.alloc(0);
  let answers: Promise<unknown> = Promise.resolve();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    input = input.length === 0 ? chunk : Buffer.concat([input, chunk]);
    while (input.length >= 4 && input.length >= 4 + input.readInt32BE(0)) {
      const end = 4 + input.readInt32BE(0);
      const answer = handle(new Reader(input.subarray(4, end)));
      input = input.subarray(end);
      answers = answers.then(() => answer).then((parts) => send(socket, parts));
    }
  });
}

function send(socket: Socket, parts: readonly Buffer[]): void {
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
}

async function handle(request: Reader): Promise<Buffer[]> {
  const [key, version, id] = [request.i16(), request.i16(), request.i32()];
  request.string();
  const answer = new Writer().i32(id);
  if (key === PRODUCE) await produce(request, answer);
  else if (key === FETCH) await fetch(request, answer);
  else if (key === LIST_OFFSETS) await listOffsets(request, answer);
  else if (key === METADATA) await metadata(request, answer);
  else if (key === FIND_COORDINATOR) answer.i16(15).i32(-1).string('').i32(-1);
  else apiVersions(version, answer);
  return answer.frame();
}

function apiVersions(version: number, answer: Writer): void {
  const all = Object.entries(versions);
  answer.i16(version === 0 ? 0 : 35).i32(all.length);
  for (const [key, [least, most]] of all) answer.i16(Number(key)).i16(least!).i16(most!);
}

async function metadata(request: Reader, answer: Writer): Promise<void> {
  const names = request.array(() => request.string()!);
  answer.i32(0).i32(1).i32(0).string('127.0.0.1').i32(port()).string(null).string('plain').i32(0).i32(names.length);
  for (const name of names) {
    await logsOf(name);
    answer.i16(0).string(name).i8(0).i32(PARTITIONS);
    for (let at = 0; at < PARTITIONS; at++) answer.i16(0).i32(at).i32(0).i32(1).i32(0).i32(1).i32(0);
  }
}

async function produce(request: Reader, answer: Writer): Promise<void> {
  request.string();
  request.skip(6);
  const all = request.array(() => ({ name: request.string()!, parts: request.array(() => ({ index: request.i32(), records: request.bytes() })) }));
  answer.i32(all.length);
  for (const { name, parts } of all) {
    const logs = await logsOf(name);
    const offsets = await Promise.all(parts.map(({ index, records }) => logs[index]!.append(records)));
    answer.string(name).i32(parts.length);
    parts.forEach(({ index }, at) => answer.i32(index).i16(0).i64(BigInt(offsets[at]!)).i64(-1n).i64(0n));
  }
  answer.i32(0);
}

async function fetch(request: Reader, answer: Writer): Promise<void> {
  request.skip(4);
  const [wait, , maxBytes] = [request.i32(), request.i32(), request.i32()];
  request.skip(9);
  const wanted = request.array(() => ({
    name: request.string()!,
    parts: request.array(() => {
      const index = request.i32();
      request.skip(4);
      const offset = Number(request.i64());
      request.skip(8);
      return { index, offset, max: request.i32() };
    }),
  }));
  const places = (await Promise.all(wanted.map(async ({ name, parts }) => {
    const logs = await logsOf(name);
    return parts.map((part) => ({ ...part, log: logs[part.index]! }));
  }))).flat();
  if (places.every(({ log, offset }) => log.end <= offset)) await somethingNew(places, wait);
  answer.i32(0).i16(0).i32(0).i32(wanted.length);
  let left = maxBytes;
  const next = places[Symbol.iterator]();
  for (const { name, parts } of wanted) {
    answer.string(name).i32(parts.length);
    for (const { index, offset, max } of parts) {
      const log = next.next().value!.log;
      const batches = await log.read(offset, Math.min(max, left));
      const length = batches.reduce((sum, batch) => sum + batch.length, 0);
      left -= length;
      const end = BigInt(log.end);
      answer.i32(index).i16(0).i64(end).i64(end).i64(0n).i32(-1).i32(-1).i32(length).parts(batches);
    }
  }
}

function somethingNew(places: readonly { log: PlainLog }[], milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const { log } of places) log.waiters.delete(done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    for (const { log } of places) log.waiters.add(done);
  });
}

async function listOffsets(request: Reader, answer: Writer): Promise<void> {
  request.skip(4);
  const wanted = request.array(() => ({ name: request.string()!, parts: request.array(() => ({ index: request.i32(), time: request.i64() })) }));
  answer.i32(wanted.length);
  for (const { name, parts } of wanted) {
    const logs = await logsOf(name);
    answer.string(name).i32(parts.length);
    for (const { index, time } of parts) answer.i32(index).i16(0).i64(-1n).i64(time === LATEST ? BigInt(logs[index]!.end) : 0n);
  }
}

const began = performance.now();
const server = createServer(serve).listen(0, '127.0.0.1', () => answerFigures({ host: '127.0.0.1', port: port(), tookMs: performance.now() - began }));

function port(): number {
  return (server.address() as AddressInfo).port;
}
