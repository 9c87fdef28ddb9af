// Wrong amounts, wrong order, wrong ways: each is an error or harmless, never a crash.
import { DmaBuffer, DmaFile, IoBuf, IoBufReader, SegmentAppender, Shard, ShardedValue, ShardGroup, ShardMemory } from 'corebuf';
import { expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectWell } from '../support/program';
import { expectNothingLeaked, liveHere } from '../support/shards';

expectNothingLeaked();

test.each([-1, 0, -0, NaN, Infinity, -Infinity, 1.5, 2 ** 32, 2 ** 40, 2 ** 53, -(2 ** 31)])('alloc(%d) is refused', (length) => {
  expectRangeError(() => DmaBuffer.alloc(length));
});

test.each(['4096', null, undefined, true, 4096n, [4096], { valueOf: () => 4096 }])('alloc(%p) is refused', (length) => {
  expectTypeError(() => DmaBuffer.alloc(length as never));
});

test.each([0, 3, -1, -4096, 1.5, NaN, 2 ** 22, 2 ** 32, 2 ** 32 + 16])('an alignment of %d is refused', (alignment) => {
  expectRangeError(() => DmaBuffer.alloc(4096, { alignment }));
});

test('refusals take nothing', () => {
  const before = liveHere();
  for (let count = 0; count < 1000; count++) {
    expectRangeError(() => DmaBuffer.alloc(0));
    expectRangeError(() => DmaBuffer.alloc(4096, { alignment: 3 }));
  }
  expect(liveHere()).toBe(before);
});

test('more than the budget is refused, and leaves all as it was', () => {
  const before = liveHere();
  for (const length of [2 ** 32 - 1, 2 ** 32 - 2 ** 21]) {
    for (const alignment of [1, 4096, 2 ** 21]) {
      try {
        DmaBuffer.alloc(length, { alignment }).release();
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
      }
    }
  }
  expect(liveHere()).toBe(before);
});

describe('released twice', () => {
  test.each<[string, () => DmaBuffer | IoBuf]>([
    ['a DmaBuffer', () => DmaBuffer.alloc(100)],
    ['a chain', () => IoBuf.from('x'.repeat(5000))],
    ['an empty chain', () => new IoBuf()],
  ])('%s is harmless, also when its slot is another’s by then', (_, make) => {
    const before = liveHere();
    const gone = Array.from({ length: 1000 }, make);
    for (const one of gone) one.release();
    const others = Array.from({ length: 2000 }, (_, number) => IoBuf.from(`still here ${number}`));
    for (const one of gone) {
      one.release();
      one[Symbol.dispose]();
    }
    for (const [number, other] of others.entries()) {
      expect(other.toString()).toBe(`still here ${number}`);
      other.release();
    }
    expect(liveHere()).toBe(before);
  });

  test('after being taken, the target keeps the bytes', () => {
    const block = DmaBuffer.alloc(10);
    block.bytes.write('0123456789');
    using chain = new IoBuf().take(block);
    block.release();
    expect(chain.toString()).toBe('0123456789');
    expectCode(() => chain.append('x').take(block), 'ERR_RELEASED');
    expect(chain.toString()).toBe('0123456789x');
  });
});

test('a FinalizationRegistry may release, whether or not the net has been there before', async () => {
  await expectWell('release-in-finalizer');
});

test('chains and buffers cannot be posted to another thread, and nothing takes an empty object for one', async () => {
  await expectWell('posted');
});

test.each<[string, unknown, string]>([
  ['DmaBuffer', DmaBuffer, 'DmaBuffer.alloc(length)'],
  ['Shard', Shard, 'thisShard'],
  ['ShardMemory', ShardMemory, 'thisShard.memory'],
  ['DmaFile', DmaFile, 'DmaFile.open(path)'],
  ['SegmentAppender', SegmentAppender, 'SegmentAppender.open(path)'],
  ['ShardGroup', ShardGroup, 'ShardGroup.start(module)'],
  ['ShardedValue', ShardedValue, 'ShardedValue.of(name, initial)'],
  ['IoBufReader', IoBufReader, 'chain.reader()'],
])('new %s() names the right call', (name, unconstructible, instead) => {
  const type = unconstructible as new (...args: never[]) => unknown;
  for (const args of [[], [4096], [{}, 1, true], [null]] as never[][]) {
    const message = `${name} has no public constructor: use ${instead}`;
    expect(thrownBy(() => new type(...args))).toMatchObject({ name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR', message });
    expect(thrownBy(() => Reflect.construct(type, args, Object))).toMatchObject({ message });
  }
});
