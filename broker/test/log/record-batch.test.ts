// What clients send as record batches: accepted, or refused with the code that they understand.
import { IoBuf } from 'corebuf';
import { verifyBatch } from '../../log/record-batch';
import { batchOf, changed } from './batches';

function codeOfCheck(batch: IoBuf): number {
  try {
    verifyBatch(batch);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  } finally {
    batch.release();
  }
}

test('a batch is read as it was made', () => {
  using batch = batchOf({ values: ['a', 'b'], timestamps: [100n, 250n], producerId: 3n, epoch: 2, sequence: 8 });
  expect(verifyBatch(batch)).toMatchObject({
    length: batch.length, lastOffsetDelta: 1, baseTimestamp: 100n, maxTimestamp: 250n, producerId: 3n, producerEpoch: 2, baseSequence: 8,
  });
});

test.each<[string, number, () => IoBuf]>([
  ['nothing', 2, () => new IoBuf()],
  ['a part of a batch', 2, () => batchOf().trimBack(1)],
  ['a wrong checksum', 2, () => changed(batchOf(), 70, 1)],
  ['a length that is too small', 2, () => changed(batchOf(), 8, 0, 0, 0, 3)],
  ['two batches', 87, () => batchOf().take(batchOf())],
  ['an older format', 87, () => changed(batchOf(), 16, 1)],
  ['a base offset', 87, () => changed(batchOf(), 7, 1)],
  ['no records', 87, () => changed(batchOf(), 57, 0, 0, 0, 0)],
  ['more records than offsets', 87, () => changed(batchOf(), 60, 2)],
  ['a control batch', 87, () => batchOf({ attributes: 0x20 })],
  ['a producer without an epoch', 87, () => batchOf({ producerId: 1n, epoch: -1, sequence: 0 })],
  ['a producer without a sequence', 87, () => batchOf({ producerId: 1n, epoch: 0, sequence: -1 })],
  ['a transactional batch', 48, () => batchOf({ attributes: 0x10 })],
  ['an unknown codec', 76, () => batchOf({ attributes: 5 })],
  ['a log append time', 32, () => batchOf({ attributes: 0x08 })],
  ['a sequence without a producer', 0, () => batchOf({ sequence: 0 })],
  ['a compressed batch', 0, () => batchOf({ attributes: 4 })],
])('%s: error code %d', (_name, code, make) => {
  expect(codeOfCheck(make())).toBe(code);
});
