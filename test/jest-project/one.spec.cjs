/* global test, jest */
const { load, work } = require('./work.cjs');

test('copies after jest.resetModules() work side by side', async () => {
  const first = load();
  jest.resetModules();
  const second = load();
  let third;
  jest.isolateModules(() => (third = load()));
  if (first === second || second === third) throw new Error('jest has loaded no further copy');
  await Promise.all([work(first, 64, 200), work(second, 128, 300), work(third, 64, 100)]);
});

test('a class of one copy is unknown to the other', () => {
  const first = load();
  jest.resetModules();
  const second = load();
  if (new first.IoBuf() instanceof second.IoBuf) throw new Error('the copies share a class');
});
