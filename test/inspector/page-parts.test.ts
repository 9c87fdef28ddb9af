// The parts of the page that need no browser: numbers for people, and the history of the last minute.
import type { InspectedShard, InspectorSample } from 'corebuf/inspector';
import { age, bytes, bytesPerSecond, count, duration, percent, perSecond, textOf } from '../../lib/inspector/page/format';
import { History, SAMPLES_MAX } from '../../lib/inspector/page/history';
import { inTurns } from '../../lib/inspector/page/in-turns';

describe('a number', () => {
  test.each([
    [0, '0 B'], [1023, '1,023 B'], [1024, '1.00 KiB'], [10_000, '9.77 KiB'], [10_239, '10.0 KiB'], [1023.4 * 1024, '1023 KiB'], [1023.6 * 1024, '1.00 MiB'],
    [64 * 2 ** 20, '64.0 MiB'], [100 * 2 ** 30, '100 GiB'], [2 ** 52, '4096 TiB'],
  ])('of %d bytes is %s', (value, text) => {
    expect(textOf(bytes(value))).toBe(text);
    expect(textOf(bytesPerSecond(value))).toBe(`${text}/s`);
  });

  test.each([
    [0, '0 µs'], [0.5, '0.50 µs'], [9.994, '9.99 µs'], [9.996, '10.0 µs'], [999.4, '999 µs'], [1000, '1.00 ms'], [123_456, '123 ms'], [1e6, '1.00 s'], [17.2e6, '17.2 s'],
  ])('of %d microseconds is %s', (us, text) => {
    expect(textOf(duration(us))).toBe(text);
  });

  test('of events is exact, and a rate has a digit behind the point when it is small', () => {
    expect(textOf(count(1_234_567))).toBe('1,234,567');
    expect([0, 0.25, 9.94, 1234.4].map((rate) => textOf(perSecond(rate)))).toEqual(['0 /s', '0.3 /s', '9.9 /s', '1,234 /s']);
    expect([0, 0.0123, 0.35, 1].map((part) => textOf(percent(part)))).toEqual(['0.0 %', '1.2 %', '35 %', '100 %']);
    expect([59, 61, 3660, 90_000].map(age)).toEqual(['59 s', '1 min 1 s', '1 h 1 min', '25 h 0 min']);
  });

  test('that is not known yet is a dash', () => {
    for (const format of [bytes, bytesPerSecond, count, duration, percent, perSecond]) expect(textOf(format(undefined))).toBe('–');
  });
});

describe('the history', () => {
  /** A sample at a second, of shards that are given as name, number and turns. */
  function sampleAt(second: number, ...shards: readonly [name: string, id: number, turns: number][]): InspectorSample {
    const described = shards.map(([name, id, turns]) => ({ name, id, index: Number(name.slice(-1)), turns, distributions: { turns: [turns, 2 * turns] } }));
    return { time: new Date(second * 1000).toISOString(), pid: 1, shards: described as unknown as InspectedShard[] } as InspectorSample;
  }
  const turnsOf = ({ turns }: InspectedShard): number => turns;

  test('tells how fast a counter grows, and nothing after the first sample', () => {
    const history = new History();
    history.add(sampleAt(0, ['shard 0', 1, 100]));
    expect(history.rate('shard 0', turnsOf)).toBeUndefined();
    history.add(sampleAt(2, ['shard 0', 1, 150]));
    history.add(sampleAt(3, ['shard 0', 1, 160]));
    expect(history.rates('shard 0', turnsOf)).toEqual([25, 10]);
    expect(history.values('shard 0', turnsOf)).toEqual([100, 150, 160]);
    expect(history.added('shard 0', ({ distributions }) => distributions.turns)).toEqual([60, 120]);
  });

  test('keeps a shard that is started again, and compares no counters of two lives', () => {
    const history = new History();
    history.add(sampleAt(0, ['shard 0', 1, 100]));
    history.add(sampleAt(1, ['shard 0', 5, 3]));
    expect(history.rate('shard 0', turnsOf)).toBeUndefined();
    // The same number, and fewer turns: another life.
    history.add(sampleAt(2, ['shard 0', 5, 1]));
    history.add(sampleAt(3, ['shard 0', 5, 9]));
    expect(history.rates('shard 0', turnsOf)).toEqual([undefined, undefined, 8]);
    history.add(sampleAt(4, ['shard 0', 6, 500]));
    expect(history.rate('shard 0', turnsOf)).toBeUndefined();
    expect(history.values('shard 0', turnsOf)).toEqual([100, 3, 1, 9, 500]);
  });

  test('knows shards that have ended, and all in their order', () => {
    const history = new History();
    history.add(sampleAt(0, ['shard 2', 1, 1], ['shard 0', 2, 1], ['shard 1', 3, 1]));
    expect(history.shards.map(({ name }) => name)).toEqual(['shard 0', 'shard 1', 'shard 2']);
    history.add(sampleAt(1, ['shard 2', 1, 1], ['shard 1', 3, 1]));
    expect(history.gone.map(({ name }) => name)).toEqual(['shard 0']);
    history.add(sampleAt(2, ['shard 2', 1, 1], ['shard 0', 9, 1], ['shard 1', 3, 1]));
    expect(history.gone).toEqual([]);
  });

  test('has a minute, and begins again after a gap and in another process', () => {
    const history = new History();
    for (let second = 0; second < SAMPLES_MAX + 10; second++) history.add(sampleAt(second, ['shard 0', 1, second]));
    expect(history.values('shard 0', turnsOf)).toHaveLength(SAMPLES_MAX);
    history.add(sampleAt(100, ['shard 0', 1, 100]));
    expect(history.values('shard 0', turnsOf)).toEqual([100]);
    history.add({ ...sampleAt(101, ['shard 0', 1, 200]), pid: 2 });
    expect(history.values('shard 0', turnsOf)).toEqual([200]);
  });
});

test('a shard that stalls all the time leaves room for the stalls of others', () => {
  expect(inTurns([['a1', 'a2', 'a3', 'a4'], [], ['c1', 'c2']])).toEqual(['a1', 'c1', 'a2', 'c2', 'a3', 'a4']);
  expect(inTurns([])).toEqual([]);
});
