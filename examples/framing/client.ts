// The client: sends messages of random lengths, and compares every answer with the checksum of the message.
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { IoBuf } from 'corebuf';
import { appendHeader } from './frames.js';
import type { Framing } from './frames.js';

const MESSAGE_LONGEST = 16 * 1024;
/** Number of bytes from which on a batch of messages is sent. */
const BATCH = 64 * 1024;

/** Called with a number of bytes of messages whose answers were right. */
export type Counted = (bytes: number) => void;

/** Sends the messages and resolves with the number of their bytes. Rejects at the first wrong answer, and when one is missing. */
export async function exchange(port: number, framing: Framing, messages: number, counted: Counted): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  const expected: Expected[] = [];
  try {
    const sending = sendAll(socket, framing, messages, expected);
    const [bytes] = await Promise.all([sending, checkAll(socket, messages, expected, counted)]);
    return bytes;
  } finally {
    socket.destroy();
  }
}

interface Expected {
  readonly crc32c: number;
  readonly bytes: number;
}

async function sendAll(socket: Socket, framing: Framing, messages: number, expected: Expected[]): Promise<number> {
  const source = randomBytes(2 * MESSAGE_LONGEST);
  let sent = 0;
  for (let number = 0; number < messages; ) {
    using batch = new IoBuf();
    for (; number < messages && batch.length < BATCH; number++) {
      const start = randomInt(MESSAGE_LONGEST);
      using message = IoBuf.from(source.subarray(start, start + randomInt(MESSAGE_LONGEST + 1)));
      expected.push({ crc32c: message.crc32c(), bytes: message.length });
      sent += message.length;
      appendHeader(batch, framing, message.length).take(message);
    }
    await batch.writeTo(socket); // Waits while the server is behind.
  }
  socket.end();
  return sent;
}

async function checkAll(socket: Socket, messages: number, expected: Expected[], counted: Counted): Promise<void> {
  using answers = new IoBuf();
  let checked = 0;
  const check = (chain: IoBuf): void => {
    answers.take(chain);
    const reader = answers.reader();
    let bytes = 0;
    for (; reader.has(4); checked++) {
      const right = expected.shift();
      const answer = reader.readUInt32BE();
      if (answer !== right?.crc32c) {
        throw new Error(`message ${checked}: the answer is ${answer}, and should be ${right?.crc32c}`);
      }
      bytes += right.bytes;
    }
    answers.trimFront(reader.position);
    counted(bytes);
  };
  await pipeline(socket, IoBuf.sink(check));
  if (checked < messages) throw new Error(`the server has answered ${checked} of ${messages} messages`);
}
