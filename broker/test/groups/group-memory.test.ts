// What clients can make groups hold is bounded, and comes back.
import { client, clock, coordinator, memory, stable } from './coordinated';
import { settled } from './fake-clock';

/** Error codes of joins, and how many there were of each. */
async function codesOf(joins: readonly Promise<{ errorCode: number }>[]): Promise<Record<number, number>> {
  const codes: Record<number, number> = {};
  for (const { errorCode } of await Promise.all(joins)) codes[errorCode] = (codes[errorCode] ?? 0) + 1;
  return codes;
}

test.each(['one group', 'many groups'])('clients that ask for member ids of %s and never come back are refused with 81, and are forgotten', async (where) => {
  const asks = Array.from({ length: 3000 }, (_, at) => client({ group: where === 'one group' ? 'group' : `group ${at}`, sessionTimeout: 60_000 }).joinOnce());
  const codes = await codesOf(asks);
  expect(codes[79]).toBeGreaterThan(300);
  expect(codes).toEqual({ 79: codes[79], 81: 3000 - codes[79]! });
  expect(memory.bytes).toBeGreaterThan(1024 * 1000);
  await clock.pass(200_000);
  expect([memory.bytes, await coordinator.list()]).toEqual([0, []]);
});

test('members with much metadata are refused when there is no room, and those of before work on', async () => {
  const [member] = await stable(1);
  const join = (): Promise<{ errorCode: number }> => client({ apiVersion: 3, metadata: 'x'.repeat(100_000) }).join();
  const joins = Array.from({ length: 20 }, join);
  await settled();
  void member!.join();
  const codes = await codesOf(joins);
  expect(codes).toEqual({ 0: codes[0], 81: 20 - codes[0]! });
  expect(codes[0]).toBe(10);
  expect((await member!.sync({ [member!.memberId]: 'y'.repeat(100_000) })).errorCode).toBe(81);
  expect((await member!.sync({ [member!.memberId]: 'little' })).errorCode).toBe(0);
});

test('a refused request leaves no group behind', async () => {
  for (let at = 0; at < 100; at++) expect((await client({ group: `group ${at}` }).joinOnce({ protocols: [] })).errorCode).toBe(23);
  expect([memory.bytes, await coordinator.list()]).toEqual([0, []]);
});
