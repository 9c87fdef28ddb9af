// The codec against frames that others have read and written, and against bytes that are no frames. COREBUF_SEED=n repeats a run.
import { IoBuf } from 'corebuf';
import { inFragments } from '../../../test/support/chains';
import { Random } from '../../../test/support/random';
import { expectNothingLeaked } from '../../../test/support/shards';
import { produce } from '../../protocol/layouts/data';
import { listGroups } from '../../protocol/layouts/group-admin';
import { offsetCommit } from '../../protocol/layouts/groups';
import { readBody, sourceOf, writeBody } from '../../protocol/messages';
import { MalformedError } from '../../protocol/primitives';
import { goldenFrames } from './golden-frames';
import type { GoldenFrame } from './golden-frames';

expectNothingLeaked();

const frames = goldenFrames();

/** Decodes a frame and encodes the result again. Bytes that are left over count as an error of the layout. */
function roundTrip({ api, layout, version }: GoldenFrame, bytes: IoBuf): Buffer {
  const source = sourceOf(bytes);
  const message = readBody(source, api, layout, version);
  if (source.reader.remaining > 0) throw new Error(`${source.reader.remaining} bytes are left`);
  using again = new IoBuf();
  writeBody(again, api, layout, version, message);
  return again.toBuffer();
}

/** Decodes bytes that may be anything. Returns whether they were a message; fails when they are refused in any other way. */
function isMessage({ api, layout, version }: GoldenFrame, bytes: Buffer): boolean {
  using chain = IoBuf.from(bytes);
  const source = sourceOf(chain);
  try {
    readBody(source, api, layout, version);
    return true;
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  } finally {
    for (const shared of source.shared) shared.release();
  }
}

test('there are golden frames of 42 APIs', () => {
  expect(frames.length).toBe(1308);
  expect(new Set(frames.map(({ api }) => api.key)).size).toBe(42);
});

test.each([7, 1000])('every golden frame in fragments of %d bytes is read whole and written back byte for byte', (size) => {
  const wrong = frames.filter((frame) => {
    using chain = inFragments(frame.bytes, size);
    return !roundTrip(frame, chain).equals(frame.bytes);
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('bytes behind a message are ignored', () => {
  for (const frame of frames) expect(isMessage(frame, Buffer.concat([frame.bytes, Buffer.alloc(3)]))).toBe(true);
});

test('a message that is cut off anywhere is refused', () => {
  for (const frame of frames) {
    const step = Math.max(1, Math.floor(frame.bytes.length / 20));
    for (let end = 0; end < frame.bytes.length; end += step) {
      if (isMessage(frame, frame.bytes.subarray(0, end))) throw new Error(`${frame.name} is read from its first ${end} bytes`);
    }
  }
});

test('an absurd length anywhere is refused, or read as another message within its bytes', () => {
  const absurd = ['7fffffff', '80000000', 'fffffffe', 'ffffffff0f', 'ffffffffff', '7fff', '8000'].map((hex) => Buffer.from(hex, 'hex'));
  for (const frame of frames.filter((_, at) => at % 5 === 0)) {
    const step = Math.max(1, Math.floor(frame.bytes.length / 20));
    for (let at = 0; at < frame.bytes.length; at += step) {
      for (const length of absurd) {
        const bytes = Buffer.from(frame.bytes);
        length.copy(bytes, at);
        isMessage(frame, bytes);
      }
    }
  }
});

test('random damage is refused, or read as another message', () => {
  const random = new Random();
  for (const frame of frames) {
    const bytes = Buffer.from(frame.bytes);
    if (bytes.length === 0) continue;
    for (let hits = 0; hits < 5; hits++) bytes[random.upTo(bytes.length - 1)] = random.upTo(255);
    isMessage(frame, bytes);
  }
});

test('the elements of one message are bounded', () => {
  const metadata = frames.find(({ api, version, layout }) => api.key === 3 && version === 9 && layout === api.request)!;
  // 300,000 topics whose names are empty: a count as a varint, and per topic the length of its name and no tagged fields.
  using chain = new IoBuf().appendUVarint(300_001).append(Buffer.alloc(600_000, Buffer.from([1, 0]))).append(Buffer.alloc(8));
  expect(() => readBody(sourceOf(chain), metadata.api, metadata.layout, 9)).toThrow(/200000 array elements/);
});

test('a string that older versions could not be told is refused', () => {
  const request = (bytes: number): IoBuf => {
    const chain = new IoBuf();
    writeBody(chain, offsetCommit, offsetCommit.request, 8, { groupId: 'ü'.repeat(bytes / 2), memberId: '', topics: [] });
    return chain;
  };
  using longest = request(32_766);
  const { groupId } = readBody(sourceOf(longest), offsetCommit, offsetCommit.request, 8);
  using answer = new IoBuf();
  writeBody(answer, listGroups, listGroups.response, 0, { errorCode: 0, groups: [{ groupId, protocolType: '', groupState: '', groupType: '' }] });
  expect(answer.length).toBeGreaterThan(32_766);
  using longer = request(32_768);
  expect(() => readBody(sourceOf(longer), offsetCommit, offsetCommit.request, 8)).toThrow(MalformedError);
});

test('record batches are shared with the message, not copied', () => {
  using records = new IoBuf().append(Buffer.alloc(5000, 1));
  using chain = new IoBuf();
  const partitionData = [{ index: 0, records: records.share() }];
  writeBody(chain, produce, produce.request, 9, {
    transactionalId: null, acks: -1, timeoutMs: 1, topicData: [{ name: 't', topicId: '', partitionData }],
  });
  const source = sourceOf(chain);
  readBody(source, produce, produce.request, 9);
  expect(source.shared.map(({ length }) => length)).toEqual([5000]);
  for (const shared of source.shared) shared.release();
});
