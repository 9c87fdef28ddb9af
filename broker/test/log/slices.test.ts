// The bound on the time of one turn that recovery takes.
import { Slices } from '../../log/slices';

test('work beyond the slice of a turn waits for later turns, in its order', async () => {
  let now = 0;
  let turn = 0;
  const slices = new Slices(() => now);
  const done: string[] = [];
  const count = (): void => {
    turn++;
    if (done.length < 5) setImmediate(count);
  };
  setImmediate(count);
  /** Each step takes 1 ms, and a slice 1.5. */
  const work = async (name: string, steps: number): Promise<void> => {
    for (let step = 0; step < steps; step++, now++) {
      if (slices.isOver) await slices.next();
      done.push(`${name}${step} in turn ${turn}`);
    }
  };
  await Promise.all([work('a', 3), work('b', 2)]);
  expect(done).toEqual(['a0 in turn 0', 'a1 in turn 0', 'a2 in turn 1', 'b0 in turn 1', 'b1 in turn 2']);
});
