// UUIDs: their form, and that they differ.
import { randomUuid, uuidText } from '../../protocol/uuid';

test('a random UUID is of version 4, and no two are the same', () => {
  const all = Array.from({ length: 10_000 }, () => uuidText(randomUuid()));
  expect(new Set(all).size).toBe(all.length);
  for (const text of all) expect(text).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('each of the 122 bits is 0 as often as 1', () => {
  const ones = new Array<number>(128).fill(0);
  const count = 4000;
  for (let at = 0; at < count; at++) {
    const uuid = randomUuid();
    for (let bit = 0; bit < 128; bit++) ones[bit]! += (uuid[bit >> 3]! >> (7 - (bit & 7))) & 1;
  }
  const constant = ones.flatMap((number, bit) => (number === 0 || number === count ? [[bit, number / count]] : []));
  expect(constant).toEqual([[48, 0], [49, 1], [50, 0], [51, 0], [64, 1], [65, 0]]);
  // Six standard deviations.
  const random = ones.filter((number) => number > 0 && number < count);
  for (const number of random) expect(Math.abs(number - count / 2)).toBeLessThan(6 * (Math.sqrt(count) / 2));
});
