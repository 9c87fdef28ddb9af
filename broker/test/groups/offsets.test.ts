// Offsets of groups: who may commit and delete them, who sees them, and how long they stay.
import { client, clock, coordinator, reopen, stable } from './coordinated';
import { settled } from './fake-clock';

test('offsets are committed by members, by anybody while there are none, and fetched by all', async () => {
  const nobody = client();
  expect(await nobody.commit(7n, { metadata: 'seven' })).toBe(0);
  const [member] = await stable(1);
  expect(await nobody.commit(8n)).toBe(25);
  expect(await member!.commit(9n)).toBe(0);
  expect(await Object.assign(client({ group: 'other' }), { generationId: 3, memberId: 'x' }).commit(1n)).toBe(22);
  expect(await member!.commit(1n, { metadata: 'x'.repeat(4097) })).toBe(12);
  const fetched = (await coordinator.fetch({ groupId: 'group', topics: null })).topics;
  const partition = { partitionIndex: 0, committedOffset: 9n, committedLeaderEpoch: 0, metadata: '', errorCode: 0 };
  expect(fetched).toEqual([{ name: 'topic', partitions: [partition] }]);
  const none = { committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 };
  expect((await coordinator.fetch({ groupId: 'nothing', topics: [{ name: 'topic', partitionIndexes: [4] }] })).topics).toEqual([
    { name: 'topic', partitions: [{ partitionIndex: 4, ...none }] },
  ]);
});

test('a client that chooses its partitions itself commits with any name while there are no members', async () => {
  const named = [client({ instanceId: 'i' }), Object.assign(client(), { memberId: 'x' }), Object.assign(client({ instanceId: 'i' }), { memberId: 'x' })];
  for (const one of named) expect(await one.commit(1n)).toBe(0);
  const [member] = await stable(1);
  for (const one of named) expect(await one.commit(2n)).toBe(25);
  expect(await Object.assign(client(), { memberId: member!.memberId }).commit(2n)).toBe(22);
  member!.leave();
  for (const one of named) expect(await one.commit(3n)).toBe(0);
  expect(await member!.commit(4n)).toBe(25);
});

test('offsets of unknown topics are refused with 3, and those of a deleted topic are gone', async () => {
  await reopen({ hasPartition: (topic) => topic === 'topic' });
  expect([await client().commit(1n), await client().commit(1n, { topic: 'else' })]).toEqual([0, 3]);
  const both = ['topic', 'else'].map((name) => ({ name, partitionIndexes: [0] }));
  const { topics } = await coordinator.deleteOffsets({ groupId: 'group', topics: both });
  expect(topics.map(({ partitions }) => partitions[0]!.errorCode)).toEqual([0, 3]);
  expect(await client().commit(1n)).toBe(0);
  await coordinator.forgetTopic('topic');
  expect((await coordinator.fetch({ groupId: 'group', topics: null })).topics).toEqual([]);
});

test('offsets survive a restart, members do not', async () => {
  const [member] = await stable(1);
  await member!.commit(42n);
  await reopen();
  expect((await coordinator.fetch({ groupId: 'group', topics: null })).topics[0]!.partitions[0]!.committedOffset).toBe(42n);
  expect(coordinator.heartbeat(member!.identity).errorCode).toBe(25);
  expect(await coordinator.list()).toEqual([{ groupId: 'group', protocolType: '', groupState: 'Empty', groupType: 'classic' }]);
});

test('offsets of a topic that somebody reads are not deleted', async () => {
  const topics = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 4]), Buffer.from('read')]);
  const [member] = await stable(1, { metadata: topics.toString('latin1') });
  await member!.commit(1n, { topic: 'read' });
  await member!.commit(1n, { topic: 'free' });
  const both = ['read', 'free'].map((name) => ({ name, partitionIndexes: [0] }));
  const { topics: answers } = await coordinator.deleteOffsets({ groupId: 'group', topics: both });
  expect(answers.map(({ partitions }) => partitions[0]!.errorCode)).toEqual([86, 0]);
  expect((await coordinator.fetch({ groupId: 'group', topics: null })).topics.map(({ name }) => name)).toEqual(['read']);
  expect((await coordinator.deleteOffsets({ groupId: 'nothing', topics: both })).errorCode).toBe(69);
});

test('offsets of a group without members go after their retention', async () => {
  await client().commit(1n);
  await clock.pass(7 * 24 * 3_600_000);
  expect(await coordinator.list()).toHaveLength(1);
  await clock.pass(120_000);
  while ((await coordinator.list()).length > 0) await settled();
});

test('offsets of a group that was at work until a restart are kept for their retention from then on', async () => {
  const day = 24 * 3_600_000;
  const [member] = await stable(1, { sessionTimeout: 1_800_000 });
  await member!.commit(42n);
  for (let passed = 0; passed < 8 * day; passed += 1_200_000) {
    await clock.pass(1_200_000);
    expect(member!.heartbeat()).toBe(0);
  }
  await reopen();
  const offsets = async (): Promise<number> => (await coordinator.fetch({ groupId: 'group', topics: null })).topics.length;
  await clock.pass(7 * day);
  // The log makes changes in order: this one ends after a removal that had begun.
  await client({ group: 'other' }).commit(1n);
  expect(await offsets()).toBe(1);
  await clock.pass(120_000);
  while ((await offsets()) > 0) await settled();
});

describe('requests that come while a commit is under way see it:', () => {
  test('those that ask for offsets, and for groups', async () => {
    const committing = client().commit(5n);
    const fetched = await coordinator.fetch({ groupId: 'group', topics: null });
    expect(fetched.topics[0]!.partitions[0]!.committedOffset).toBe(5n);
    expect(await committing).toBe(0);
    void client({ group: 'described' }).commit(5n);
    expect((await coordinator.describe(['described'], { apiVersion: 6 }))[0]).toMatchObject({ errorCode: 0, groupState: 'Empty' });
    void client({ group: 'listed' }).commit(5n);
    expect((await coordinator.list()).map(({ groupId }) => groupId)).toContain('listed');
  });

  test('a member that takes over from one that commits and leaves', async () => {
    const [leaving, staying] = await stable(2);
    staying!.metadata = 'changed';
    const rejoined = staying!.join();
    await settled();
    void leaving!.commit(7n);
    leaving!.leave();
    expect((await rejoined).errorCode).toBe(0);
    const fetched = await coordinator.fetch({ groupId: 'group', topics: null });
    expect(fetched.topics[0]!.partitions[0]!.committedOffset).toBe(7n);
  });

  test('the deletion of the group, of its offsets, and of the topic', async () => {
    const offsets = async (): Promise<number> => (await coordinator.fetch({ groupId: 'group', topics: null })).topics.length;
    void client().commit(1n);
    expect(await coordinator.delete(['group'])).toEqual([{ groupId: 'group', errorCode: 0 }]);
    expect(await offsets()).toBe(0);
    void client().commit(2n);
    expect((await coordinator.deleteOffsets({ groupId: 'group', topics: [{ name: 'topic', partitionIndexes: [0] }] })).errorCode).toBe(0);
    expect(await offsets()).toBe(0);
    void client().commit(3n);
    await coordinator.forgetTopic('topic');
    expect(await offsets()).toBe(0);
  });

  test('a commit behind a deletion stays', async () => {
    void client().commit(1n);
    void coordinator.delete(['group']);
    void client().commit(2n, { topic: 'second' });
    const fetched = await coordinator.fetch({ groupId: 'group', topics: null });
    expect(fetched.topics.map(({ name }) => name)).toEqual(['second']);
  });

  test('the removal of old offsets', async () => {
    await client().commit(1n);
    await clock.pass(7 * 24 * 3_600_000 + 59_000);
    const committing = client().commit(2n);
    await clock.pass(1000);
    await committing;
    await client({ group: 'other' }).commit(1n);
    const fetched = await coordinator.fetch({ groupId: 'group', topics: null });
    expect(fetched.topics[0]?.partitions[0]!.committedOffset).toBe(2n);
  });
});
