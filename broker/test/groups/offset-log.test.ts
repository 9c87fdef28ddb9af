// The log of committed offsets: against a map, through restarts, crashes, failures and compactions.
import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OffsetChange } from '../../groups/committed-offsets';
import { OffsetLog } from '../../groups/offset-log';
import { injectFaults } from '../../../test/support/inject-faults';
import { Random } from '../../../test/support/random';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';

removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const COMPACT = { compactMin: 4000 };
const keyOf = ({ group, topic, partition }: OffsetChange): string => `${group} ${topic} ${partition}`;
const content = (log: OffsetLog): Record<string, bigint> =>
  Object.fromEntries([...log.offsets.all()].map((change) => [keyOf(change), change.committed.offset]));

function changeBy(random: Random): OffsetChange {
  const committed = { offset: BigInt(random.upTo(1e9)), leaderEpoch: 0, metadata: 'm'.repeat(random.size(50)), committedAt: 5 };
  const removed = random.upTo(4) === 0;
  return { group: `g${random.upTo(3)}`, topic: `t${random.upTo(3)}`, partition: random.upTo(3), committed: removed ? undefined : committed };
}

test('the log holds what a map holds, through restarts, crashes and compactions', async () => {
  const random = new Random();
  const model = new Map<string, bigint>();
  let folder = scratchPath();
  let log = await OffsetLog.open(folder, COMPACT);
  let number = 0;
  for (let step = 0; step < 150; step++) {
    const lists = Array.from({ length: 1 + random.upTo(3) }, () => Array.from({ length: 1 + random.upTo(3) }, () => changeBy(random)));
    await Promise.all(lists.map((changes) => log.change(changes)));
    for (const change of lists.flat()) {
      if (change.committed === undefined) model.delete(keyOf(change));
      else model.set(keyOf(change), change.committed.offset);
    }
    expect(content(log)).toEqual(Object.fromEntries(model));
    expect(log.offsets.size).toBe(model.size);
    number = Math.max(number, log.fileNumber);
    if (random.upTo(9) > 0) continue;
    const crashed = random.upTo(1) === 0;
    const left = scratchPath();
    if (crashed) cpSync(folder, left, { recursive: true });
    await log.close();
    if (crashed) folder = left;
    log = await OffsetLog.open(folder, COMPACT);
    expect(content(log)).toEqual(Object.fromEntries(model));
  }
  await log.close();
  expect(number).toBeGreaterThan(1);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('a log without changes has no file, and its first changes make one', async () => {
  const folder = scratchPath();
  const unused = await OffsetLog.open(folder);
  await unused.close();
  expect(existsSync(folder)).toBe(false);
  const log = await OffsetLog.open(folder);
  expect([log.bytes, log.offsets.size]).toEqual([0, 0]);
  const of = (partition: number): OffsetChange => ({ group: 'g', topic: 't', partition, committed: { offset: 7n, leaderEpoch: 0, metadata: '', committedAt: 0 } });
  await Promise.all([log.change([of(0)]), log.change([of(1)])]);
  await log.close();
  expect(readdirSync(folder)).toEqual(['offsets-0.log']);
  const again = await OffsetLog.open(folder);
  expect(content(again)).toEqual({ 'g t 0': 7n, 'g t 1': 7n });
  await again.close();
  await expect(again.change([of(2)])).rejects.toMatchObject({ message: expect.stringContaining('closed') as string });
});

test.each(['cut', 'changed'])('a record that was %s is as if it had never been', async (damage) => {
  const folder = scratchPath();
  let log = await OffsetLog.open(folder);
  const change = (offset: bigint): OffsetChange[] => [
    { group: 'g', topic: 't', partition: 0, committed: { offset, leaderEpoch: 0, metadata: '', committedAt: 0 } },
  ];
  await log.change(change(1n));
  await log.change(change(2n));
  const end = log.bytes;
  await log.close();
  const path = join(folder, readdirSync(folder)[0]!);
  if (damage === 'cut') truncateSync(path, end - 1);
  else {
    const content = readFileSync(path);
    content[content.lastIndexOf('"2"') + 1] = '7'.charCodeAt(0);
    writeFileSync(path, content);
  }
  log = await OffsetLog.open(folder);
  expect(content(log)).toEqual({ 'g t 0': 1n });
  await log.change(change(3n));
  expect(content(log)).toEqual({ 'g t 0': 3n });
  await log.close();
});

test('a commit that cannot be written is refused and not made; later ones are', async () => {
  const folder = scratchPath();
  injectFaults([{ op: 'write', errno: 'ENOSPC', skip: 1, times: 2 }]);
  const log = await OffsetLog.open(folder);
  const change = (offset: bigint): OffsetChange[] => [
    { group: 'g', topic: 't', partition: 0, committed: { offset, leaderEpoch: 0, metadata: '', committedAt: 0 } },
  ];
  await log.change(change(1n));
  await expect(log.change(change(2n))).rejects.toMatchObject({ code: 'ERR_IO' });
  expect(content(log)).toEqual({ 'g t 0': 1n });
  injectFaults([]);
  await Promise.all([log.change(change(3n)), log.change(change(4n))]);
  expect(content(log)).toEqual({ 'g t 0': 4n });
  await log.close();
  const again = await OffsetLog.open(folder);
  expect(content(again)).toEqual({ 'g t 0': 4n });
  await again.close();
});

const committed = (group: string, partition: number, offset: bigint): OffsetChange => ({
  group, topic: 't', partition, committed: { offset, leaderEpoch: 0, metadata: '', committedAt: 0 },
});

test('the removal of a group takes what is committed before it, and nothing behind it, also after a restart', async () => {
  const folder = scratchPath();
  const log = await OffsetLog.open(folder);
  await log.change([committed('g', 0, 1n), committed('other', 0, 1n)]);
  await Promise.all([log.change([committed('g', 1, 2n)]), log.change([{ group: 'g' }]), log.change([committed('g', 2, 3n)])]);
  expect(content(log)).toEqual({ 'other t 0': 1n, 'g t 2': 3n });
  expect(log.offsets.size).toBe(2);
  await log.close();
  const again = await OffsetLog.open(folder);
  expect(content(again)).toEqual({ 'other t 0': 1n, 'g t 2': 3n });
  await again.close();
});

test('changes that were asked for are pending until they end, and those that wait for the file are made in their order', async () => {
  const log = await OffsetLog.open(scratchPath());
  const changes = [1n, 2n, 3n].map((offset) => log.change([committed('g', 0, offset)]));
  expect([log.pending.has('g'), log.pending.has('other'), log.pending.groups]).toEqual([true, false, ['g']]);
  await log.pending.ended('g');
  expect([content(log), log.pending.groups]).toEqual([{ 'g t 0': 3n }, []]);
  await Promise.all(changes);
  await log.close();
});

test('what is committed after a compaction that could not end is found after a crash', async () => {
  const folder = scratchPath();
  const log = await OffsetLog.open(folder, { compactMin: 1 });
  const folders = jest.requireActual<{ syncFolder: (path: string) => Promise<void> }>('../../log/folders');
  const syncFolder = jest.spyOn(folders, 'syncFolder').mockRejectedValueOnce(new Error('no sync'));
  await log.change([committed('g', 0, 1n)]);
  await log.change([committed('g', 0, 2n)]);
  const left = scratchPath();
  cpSync(folder, left, { recursive: true });
  expect(syncFolder).toHaveBeenCalled();
  syncFolder.mockRestore();
  await log.close();
  const again = await OffsetLog.open(left);
  expect(content(again)).toEqual({ 'g t 0': 2n });
  await again.close();
});
