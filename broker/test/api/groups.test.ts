// Groups and their offsets, request by request.
import { deleteGroups, describeGroups, listGroups } from '../../protocol/layouts/group-admin';
import { findCoordinator, heartbeat, joinGroup, leaveGroup, offsetCommit, offsetDelete, offsetFetch, syncGroup } from '../../protocol/layouts/groups';
import type { Broker } from 'corebuf-broker';
import { startBroker } from '../clients/broker';
import { createTopic } from './topics';
import { WireClient } from './wire-client';

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2, groupInitialDelay: 0 });
  client = await WireClient.to(broker);
  await createTopic(client, 'read', 2);
});
afterAll(() => client.close());

const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

async function commit(groupId: string, offset: bigint, { generation = -1, memberId = '', name = 'read', metadata = 'm' } = {}) {
  const topics = [{ name, topicId: NO_UUID, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: metadata }] }];
  const answer = await client.call(offsetCommit, 8, { groupId, generationIdOrMemberEpoch: generation, memberId, topics });
  return answer.topics[0]!.partitions[0]!.errorCode;
}

async function committed(groupId: string) {
  const answer = await client.call(offsetFetch, 7, { groupId, topics: [{ name: 'read', partitionIndexes: [0, 1] }], groups: [], requireStable: false });
  return answer.topics[0]!.partitions.map(({ committedOffset, metadata, errorCode }) => [committedOffset, metadata, errorCode]);
}

test('this broker coordinates all groups, one key or many, and no transactions', async () => {
  const here = { nodeId: 0, ...broker.address };
  expect(await client.call(findCoordinator, 2, { key: 'g', keyType: 0, coordinatorKeys: [] })).toMatchObject({ errorCode: 0, ...here });
  const { coordinators } = await client.call(findCoordinator, 4, { key: '', keyType: 0, coordinatorKeys: ['a', ''] });
  expect(coordinators).toMatchObject([{ key: 'a', errorCode: 0, ...here }, { key: '', errorCode: 24, nodeId: -1 }]);
  expect(await client.call(findCoordinator, 2, { key: 't', keyType: 1, coordinatorKeys: [] })).toMatchObject({ errorCode: 42 });
});

test('offsets are committed without members, fetched, and deleted', async () => {
  expect(await committed('simple')).toEqual([[-1n, '', 0], [-1n, '', 0]]);
  expect(await commit('simple', 5n)).toBe(0);
  expect(await committed('simple')).toEqual([[5n, 'm', 0], [-1n, '', 0]]);
  expect(await commit('simple', 6n, { metadata: 'x'.repeat(5000) })).toBe(12);
  expect(await commit('simple', 6n, { name: 'nowhere' })).toBe(3);
  expect(await commit('unknown', 6n, { generation: 3, memberId: 'nobody' })).toBe(22);
  const deleted = await client.call(offsetDelete, 0, { groupId: 'simple', topics: [{ name: 'read', partitions: [{ partitionIndex: 0 }] }] });
  expect(deleted).toMatchObject({ errorCode: 0, topics: [{ name: 'read', partitions: [{ errorCode: 0 }] }] });
  expect(await committed('simple')).toEqual([[-1n, '', 0], [-1n, '', 0]]);
});

test('offsets of many groups and of all topics', async () => {
  await commit('first', 1n);
  await commit('second', 2n);
  const groups = ['first', 'second'].map((groupId) => ({ groupId, topics: null }));
  const answer = await client.call(offsetFetch, 8, { groupId: '', topics: null, groups, requireStable: true });
  const found = answer.groups.map(({ groupId, topics }) => [groupId, topics.map(({ name, partitions }) => [name, partitions[0]!.committedOffset])]);
  expect(found).toEqual([['first', [['read', 1n]]], ['second', [['read', 2n]]]]);
});

test('a member joins with the id that it is given, syncs, beats, and leaves', async () => {
  const groupId = 'members';
  const protocols = [{ name: 'range', metadata: Buffer.from('wishes') }];
  const request = { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, groupInstanceId: null, protocolType: 'consumer', protocols };
  const refused = await client.call(joinGroup, 5, { ...request, memberId: '' });
  expect(refused.errorCode).toBe(79);
  const { memberId } = refused;
  const joined = await client.call(joinGroup, 5, { ...request, memberId });
  expect(joined).toMatchObject({ errorCode: 0, leader: memberId, protocolName: 'range', members: [{ memberId }] });
  const generationId = joined.generationId;
  const member = { groupId, generationId, memberId, groupInstanceId: null };
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  const synced = await client.call(syncGroup, 3, { ...member, assignments });
  expect([synced.errorCode, Buffer.from(synced.assignment).toString()]).toEqual([0, 'all']);
  const beat = async (change: object) => (await client.call(heartbeat, 3, { ...member, ...change })).errorCode;
  expect([await beat({}), await beat({ generationId: 99 }), await beat({ memberId: 'nobody' }), await beat({ groupId: 'none' })]).toEqual([0, 22, 25, 25]);
  expect((await client.call(offsetDelete, 0, { groupId, topics: [] })).errorCode).toBe(0);
  expect((await client.call(deleteGroups, 2, { groupsNames: [groupId, 'none'] })).results.map(({ errorCode }) => errorCode)).toEqual([68, 69]);
  const left = await client.call(leaveGroup, 3, { groupId, memberId: '', members: [{ memberId, groupInstanceId: null }, { memberId: 'x', groupInstanceId: null }] });
  expect([left.errorCode, left.members.map(({ errorCode }) => errorCode)]).toEqual([0, [0, 25]]);
});

test.each([
  ['a session that is too short', { sessionTimeoutMs: 100 }, 26],
  ['no protocol', { protocols: [] }, 23],
  ['an id that nobody has', { memberId: 'nobody' }, 25],
  ['no group id', { groupId: '' }, 24],
])('a member does not join with %s', async (_, change, errorCode) => {
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  const request = { groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', groupInstanceId: null, protocolType: 'consumer', protocols };
  expect((await client.call(joinGroup, 5, { ...request, ...change })).errorCode).toBe(errorCode);
});

test('a long name of a client is cut in its member id, and one that is too long ends its own connection alone', async () => {
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  const request = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer', protocols };
  const join = async (groupId: string, groupInstanceId: string, version: number) => {
    const one = await WireClient.to(broker);
    try {
      return (await one.call(joinGroup, version, { ...request, groupId, groupInstanceId })).memberId;
    } finally {
      one.close();
    }
  };
  const memberId = await join('long', `${'i'.repeat(254)}😀${'i'.repeat(32_000)}`, 5);
  expect(memberId).toMatch(/^i{254}-[0-9a-f-]{36}$/);
  await expect(join('long', 'i'.repeat(40_000), 6)).rejects.toThrow('closed');
  const { groups } = await client.call(describeGroups, 4, { groups: ['long'], includeAuthorizedOperations: false });
  expect(groups[0]!.members.map((member) => member.memberId)).toEqual([memberId]);
  await expect(join('g'.repeat(40_000), 'i', 6)).rejects.toThrow('closed');
  await client.call(listGroups, 2, { statesFilter: [], typesFilter: [] });
});

test('a group that there is not is dead, or error 69 in newer versions; groups with offsets alone are listed', async () => {
  const describe = async (version: number) => {
    const { groups } = await client.call(describeGroups, version, { groups: ['none'], includeAuthorizedOperations: false });
    return groups[0]!;
  };
  expect(await describe(5)).toMatchObject({ errorCode: 0, groupState: 'Dead' });
  expect(await describe(6)).toMatchObject({ errorCode: 69 });
  await commit('listed', 1n);
  const { groups } = await client.call(listGroups, 4, { statesFilter: ['Empty'], typesFilter: [] });
  expect(groups).toContainEqual(expect.objectContaining({ groupId: 'listed', protocolType: '' }));
  expect((await client.call(listGroups, 4, { statesFilter: ['Stable'], typesFilter: [] })).groups).toEqual([]);
});
