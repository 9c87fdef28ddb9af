// Frames as takeFrames() finds them in what comes, compared with the messages that were written.
import type { AddressInfo } from 'node:net';
import { Connection, Listener } from 'corebuf';
import type { FrameLayout } from 'corebuf';
import { expectCode, thrownBy } from '../support/errors';
import { failIn } from '../support/fail-in';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';

let near: Connection;
let far: Connection;

beforeEach(async () => {
  await using listener = await Listener.open({ host: '127.0.0.1' });
  const accepted = listener[Symbol.asyncIterator]().next();
  near = await Connection.connect({ host: '127.0.0.1', port: (listener.address as AddressInfo).port });
  far = (await accepted).value as Connection;
});

// Registered before the check for leaks, which runs after it.
afterEach(() => {
  failIn(0);
  near.destroy();
  far.destroy();
});
expectNothingLeaked();

/** A message as the layout frames it. */
function framed(body: Buffer, { lengthBytes, endian = 'BE', includesItself = false }: FrameLayout): Buffer {
  const frame = Buffer.alloc(lengthBytes + body.length);
  const length = body.length + (includesItself ? lengthBytes : 0);
  if (endian === 'BE') frame.writeUIntBE(length, 0, lengthBytes);
  else frame.writeUIntLE(length, 0, lengthBytes);
  body.copy(frame, lengthBytes);
  return frame;
}

async function arrived(length: number): Promise<void> {
  while (far.input.length < length) await far.more(length - far.input.length);
}

const layouts: FrameLayout[] = [
  { lengthBytes: 1, maxLength: 255 },
  { lengthBytes: 1, maxLength: 100, includesItself: true, keepLength: true },
  { lengthBytes: 2, maxLength: 65_535, keepLength: true },
  { lengthBytes: 2, endian: 'LE', maxLength: 3_000, includesItself: true },
  { lengthBytes: 4, maxLength: 40_000 },
  { lengthBytes: 4, endian: 'LE', maxLength: 40_000, keepLength: true },
];

test.each(layouts)('messages in pieces of any size come out whole: %p', async (layout) => {
  const random = new Random();
  const bodies = Array.from({ length: 1000 }, () => random.bytes(random.size(Math.min(layout.maxLength, 3_000))));
  const expected = bodies.map((body) => (layout.keepLength === true ? framed(body, layout) : body));
  const stream = Buffer.concat(bodies.map((body) => framed(body, layout)));
  const received: Buffer[] = [];
  const all = new Promise<void>((resolve, reject) => {
    far.onInput(() => {
      try {
        for (using frame of far.takeFrames(layout)) received.push(frame.toBuffer());
      } catch (error) {
        return reject(error);
      }
      if (received.length === bodies.length) resolve();
    });
  });
  for (let at = 0; at < stream.length; ) {
    const length = 1 + random.size(100_000);
    await near.write(stream.subarray(at, at + length));
    at += length;
  }
  await all;
  expect(received.findIndex((frame, at) => !frame.equals(expected[at]!))).toBe(-1);
  expect(far.input.length).toBe(0);
});

test('more frames than one native call takes come out at once', async () => {
  const layout: FrameLayout = { lengthBytes: 2, maxLength: 10 };
  await near.write(Buffer.concat(Array.from({ length: 2_000 }, (_, at) => framed(Buffer.from(String(at)), layout))));
  await arrived(2_000 * 2 + 10 + 90 * 2 + 900 * 3 + 1000 * 4);
  const frames = far.takeFrames(layout);
  expect(frames.map(String)).toEqual(Array.from({ length: 2_000 }, (_, at) => String(at)));
  for (const frame of frames) frame.release();
});

test('a frame that is too long is refused once it is the first', async () => {
  const layout: FrameLayout = { lengthBytes: 2, maxLength: 5 };
  const stream = Buffer.concat(['one', 'five!', 'longer', 'after'].map((body) => framed(Buffer.from(body), layout)));
  await near.write(stream);
  await arrived(stream.length);
  const frames = far.takeFrames(layout);
  expect(frames.map(String)).toEqual(['one', 'five!']);
  for (const frame of frames) frame.release();
  for (let again = 0; again < 2; again++) {
    expect(thrownBy(() => far.takeFrames(layout))).toMatchObject({ code: 'ERR_OUT_OF_BOUNDS', message: expect.stringMatching(/0 to 5 bytes .* says 6/) as unknown });
  }
  expect(far.input.length).toBe(2 + 6 + 2 + 5);
});

test('frames that memory did not suffice for stay in the input', async () => {
  const layout: FrameLayout = { lengthBytes: 2, maxLength: 5_000 };
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(2_000));
  const stream = Buffer.concat(bodies.map((body) => framed(Buffer.from(body), layout)));
  for (let allowed = 1; allowed < 8; allowed++) {
    await near.write(stream);
    await arrived(stream.length);
    const texts: string[] = [];
    const take = (): void => {
      for (using frame of far.takeFrames(layout)) texts.push(frame.toString());
    };
    failIn(allowed);
    // With none at all it says so; with some it returns them.
    if (allowed === 1) expectCode(take, 'ERR_OUT_OF_MEMORY');
    else take();
    failIn(0);
    take();
    expect(texts).toEqual(bodies);
  }
});

test('a connection that was destroyed has no frames, and says so', () => {
  far.destroy();
  expectCode(() => far.takeFrames({ lengthBytes: 2, maxLength: 5 }), 'ERR_CLOSED');
});
