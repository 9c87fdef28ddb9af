// The first of several waits.
import { firstOf } from '../../topics/waits';
import type { Wait } from '../../topics/waits';

/** Waits that tell by hand, and the names of those that were begun, and ended. */
function waits(names: readonly string[]) {
  const tells: (() => void)[] = [];
  const seen: string[] = [];
  const all = names.map((name): Wait => (told) => {
    seen.push(`${name} begins`);
    tells.push(told);
    if (name === 'at once') told();
    return () => seen.push(`${name} ends`);
  });
  return { all, tells, seen };
}

test('the first tells, once, and ends all', () => {
  const { all, tells, seen } = waits(['a', 'b']);
  const told = jest.fn();
  firstOf(all)(told);
  for (const tell of [...tells].reverse()) tell();
  expect(told).toHaveBeenCalledTimes(1);
  expect(seen).toEqual(['a begins', 'b begins', 'a ends', 'b ends']);
});

test('what follows one that tells at once is not begun', () => {
  const { all, seen } = waits(['a', 'at once', 'b']);
  const told = jest.fn();
  firstOf(all)(told);
  expect(told).toHaveBeenCalledTimes(1);
  expect(seen).toEqual(['a begins', 'at once begins', 'a ends']);
});

test('a wait that was ended never tells', () => {
  const { all, tells, seen } = waits(['a']);
  const told = jest.fn();
  firstOf(all)(told)();
  tells[0]!();
  expect(told).not.toHaveBeenCalled();
  expect(seen).toEqual(['a begins', 'a ends']);
});
