// The coordinator of groups: joining, syncing, staying, leaving.
import type { JoinAnswer } from '../../groups/messages';
import { client, clock, coordinator, joined, stable, stateOf } from './coordinated';
import type { Client } from './client';
import { settled } from './fake-clock';

test('a client without an id gets one first, and is no member until it comes back with it', async () => {
  const one = client();
  const first = await one.joinOnce();
  expect(first).toMatchObject({ errorCode: 79, generationId: -1 });
  expect(first.memberId).toMatch(/^client-/);
  expect((await coordinator.describe(['group'], { apiVersion: 5 }))[0]!.members).toEqual([]);
  const old = client({ apiVersion: 3 }).joinOnce();
  const second = one.joinOnce({ memberId: first.memberId });
  await clock.pass(6000);
  expect((await second).generationId).toBe(1);
  expect((await old).generationId).toBe(1);
});

test.each<[string, number, Partial<Parameters<Client['joinOnce']>[0]>]>([
  ['an empty group id', 24, { groupId: '' }],
  ['an unknown member id', 25, { memberId: 'nobody' }],
  ['a session timeout that is too short', 26, { sessionTimeoutMs: 5999 }],
  ['a session timeout that is too long', 26, { sessionTimeoutMs: 1_800_001 }],
  ['no protocols', 23, { protocols: [] }],
  ['no protocol type', 23, { protocolType: '' }],
])('joining with %s is refused with %d', async (_name, code, changes) => {
  expect((await client().joinOnce(changes)).errorCode).toBe(code);
});

test('requests of members without a group id are refused with 24', async () => {
  const nobody = Object.assign(client({ group: '' }), { memberId: 'x', generationId: 1 });
  expect([(await nobody.sync()).errorCode, nobody.heartbeat(), await nobody.commit(1n)]).toEqual([24, 24, 24]);
  expect(coordinator.leave({ groupId: '', members: [{ memberId: 'x', groupInstanceId: null }] })).toEqual({ errorCode: 24, members: [] });
});

test('a foreign protocol is refused, and all agree on one that most prefer', async () => {
  const options = [['a', 'b', 'c'], ['c', 'b'], ['b', 'c']].map((protocols) => ({ protocols }));
  const answers = options.map((one) => client(one).join());
  await settled();
  expect((await client({ protocols: ['x'] }).joinOnce()).errorCode).toBe(23);
  expect((await client().joinOnce({ protocolType: 'connect', protocols: [{ name: 'b', metadata: Buffer.alloc(0) }] })).errorCode).toBe(23);
  await clock.pass(6000);
  for (const answer of answers) expect((await answer).protocolName).toBe('b');
});

test('only the leader is told of the members, with their metadata', async () => {
  const clients = ['one', 'two', 'three'].map((metadata) => client({ metadata }));
  const joins = clients.map((one) => one.join());
  await settled();
  await clock.pass(6000);
  const answers = await Promise.all(joins);
  expect(new Set(answers.map(({ leader }) => leader))).toEqual(new Set([clients[0]!.memberId]));
  const [leader, ...others] = answers as [JoinAnswer, ...JoinAnswer[]];
  expect(leader.members.map(({ memberId, metadata }) => [memberId, Buffer.from(metadata).toString()])).toEqual(
    clients.map(({ memberId, metadata }) => [memberId, metadata]),
  );
  for (const { members } of others) expect(members).toEqual([]);
});

test('a group that begins waits for more members, for as long as some come', async () => {
  const first = client().join();
  await settled();
  await clock.pass(2000);
  const second = client().join();
  await settled();
  await clock.pass(3000);
  expect(await stateOf()).toBe('PreparingRebalance');
  await clock.pass(1000);
  expect([(await first).generationId, (await second).generationId]).toEqual([1, 1]);
});

test('members that do not rejoin in time are members no more', async () => {
  const [one, two, three] = await stable(3, { sessionTimeout: 60_000 });
  const joining = client({ sessionTimeout: 60_000 }).join();
  await settled();
  expect([one, two, three].map((member) => member!.heartbeat())).toEqual([27, 27, 27]);
  const again = [one!.join(), two!.join()];
  await settled();
  expect(await stateOf()).toBe('PreparingRebalance');
  await clock.pass(30_000);
  expect((await joining).generationId).toBe(2);
  for (const answer of again) expect((await answer).generationId).toBe(2);
  expect(three!.heartbeat()).toBe(25);
  expect((await three!.join()).errorCode).toBe(25);
});

test('members that do not sync in time are members no more', async () => {
  const [leader, follower] = await joined(2, { sessionTimeout: 60_000 });
  const syncing = follower!.sync();
  await clock.pass(30_000);
  expect((await syncing).errorCode).toBe(27);
  expect(leader!.heartbeat()).toBe(25);
  expect((await follower!.join()).leader).toBe(follower!.memberId);
});

test('a member that never asks for its assignment is a member no more, though it sends heartbeats and the others work', async () => {
  const [leader, late, silent] = await joined(3, { sessionTimeout: 60_000 });
  expect((await leader!.sync({ [silent!.memberId]: 'a part' })).errorCode).toBe(0);
  await clock.pass(29_000);
  expect((await late!.sync()).errorCode).toBe(0);
  expect([leader, late, silent].map((member) => member!.heartbeat())).toEqual([0, 0, 0]);
  await clock.pass(1000);
  expect([leader, late, silent].map((member) => member!.heartbeat())).toEqual([27, 27, 25]);
});

test('a group whose members have all asked for their assignment is left alone', async () => {
  const [leader, follower] = await joined(2, { sessionTimeout: 60_000 });
  await leader!.sync();
  await follower!.sync();
  await clock.pass(59_000);
  expect([await stateOf(), leader!.heartbeat(), follower!.heartbeat()]).toEqual(['Stable', 0, 0]);
});

test('a client that sets no rebalance timeout has its session timeout to sync', async () => {
  const [leader] = await joined(1, { rebalanceTimeout: 0 });
  await clock.pass(5000);
  expect((await leader!.sync({ [leader!.memberId]: 'all' })).errorCode).toBe(0);
});

test('requests of another generation, of nobody, and in a rebalance are refused', async () => {
  const [leader, follower] = await stable(2);
  expect((await client().sync()).errorCode).toBe(25);
  const old = Object.assign(client(), { memberId: follower!.memberId, generationId: 0 });
  expect([old.heartbeat(), (await old.sync()).errorCode, await old.commit(1n)]).toEqual([22, 22, 22]);
  const wrong = { ...follower!.identity, protocolType: 'consumer', protocolName: 'roundrobin', assignments: [] };
  expect((await coordinator.sync(wrong)).errorCode).toBe(23);
  expect((await coordinator.sync({ ...wrong, protocolName: 'range' })).errorCode).toBe(0);
  void leader!.join();
  await settled();
  expect([follower!.heartbeat(), (await follower!.sync()).errorCode, await follower!.commit(5n)]).toEqual([27, 27, 0]);
  void follower!.join();
  await settled();
  expect([follower!.heartbeat(), await follower!.commit(6n)]).toEqual([0, 27]);
});

test('a follower that rejoins with nothing new disturbs nobody, a leader or new metadata does', async () => {
  const [leader, follower] = await stable(2);
  expect(await follower!.join()).toMatchObject({ errorCode: 0, generationId: 1, members: [] });
  expect(await stateOf()).toBe('Stable');
  follower!.metadata = 'more topics';
  void follower!.join();
  await settled();
  expect(leader!.heartbeat()).toBe(27);
  await leader!.join();
  await leader!.sync();
  expect(await stateOf()).toBe('Stable');
  void leader!.join();
  await settled();
  expect(await stateOf()).toBe('PreparingRebalance');
});

test('a member that is silent for its session timeout is removed, and the others rebalance', async () => {
  const [one, two] = await stable(2);
  await clock.pass(9999);
  expect(one!.heartbeat()).toBe(0);
  await clock.pass(1);
  expect(two!.heartbeat()).toBe(25);
  expect(one!.heartbeat()).toBe(27);
  expect(await one!.join()).toMatchObject({ generationId: 2, leader: one!.memberId });
});

test('leaving starts a rebalance at once, and the last one leaves an empty group', async () => {
  const [one, two] = await stable(2);
  expect(two!.leave()).toBe(0);
  expect(two!.leave()).toBe(25);
  expect(one!.heartbeat()).toBe(27);
  expect(one!.leave()).toBe(0);
  expect(await stateOf()).toBe('Empty');
  expect(coordinator.leave({ groupId: 'nothing', members: [{ memberId: 'x', groupInstanceId: null }] }).members[0]!.errorCode).toBe(25);
});

test('a static member that comes back takes its place without a rebalance, and fences its former self', async () => {
  const clients = [client({ instanceId: 'a' }), client({ instanceId: 'b' })];
  const joins = clients.map((one) => one.join());
  await clock.pass(6000);
  await Promise.all(joins);
  const plan = { [clients[0]!.memberId]: 'A', [clients[1]!.memberId]: 'B' };
  await Promise.all(clients.map((one, at) => one.sync(at === 0 ? plan : {})));
  const back = client({ instanceId: 'b' });
  expect(await back.join()).toMatchObject({ errorCode: 0, generationId: 1, leader: clients[0]!.memberId });
  expect(back.memberId).not.toBe(clients[1]!.memberId);
  expect(Buffer.from((await back.sync()).assignment).toString()).toBe('B');
  expect([clients[1]!.heartbeat(), await clients[1]!.commit(1n), (await clients[1]!.join()).errorCode]).toEqual([82, 82, 82]);
  const leader = client({ instanceId: 'a' });
  expect(await leader.join()).toMatchObject({ generationId: 1, skipAssignment: true, leader: leader.memberId });
  expect(await stateOf()).toBe('Stable');
  expect(coordinator.leave({ groupId: 'group', members: [{ memberId: '', groupInstanceId: 'b' }] }).members[0]!.errorCode).toBe(0);
  expect(await stateOf()).toBe('PreparingRebalance');
});

test('those who wait when the coordinator ends look for another one', async () => {
  const waiting = client({ apiVersion: 3 }).join();
  await settled();
  await coordinator.close();
  expect((await waiting).errorCode).toBe(16);
});

describe('static members that do not rejoin in time', () => {
  test('stay until their sessions end when all others leave', async () => {
    const member = client({ sessionTimeout: 10_000 });
    const silent = client({ instanceId: 'silent', sessionTimeout: 120_000, rebalanceTimeout: 20_000 });
    const joins = [member.join(), silent.join()];
    await settled();
    await clock.pass(6000);
    await Promise.all(joins);
    await Promise.all([member.sync(), silent.sync()]);
    expect(member.leave()).toBe(0);
    await clock.pass(100_000);
    expect([await stateOf(), silent.heartbeat()]).toEqual(['PreparingRebalance', 27]);
    expect(await silent.join()).toMatchObject({ errorCode: 0, memberId: silent.memberId, leader: silent.memberId });
    await silent.sync();
    expect(await stateOf()).toBe('Stable');
    await clock.pass(120_000);
    expect(await stateOf()).toBe('Empty');
  });

  test('do not keep others waiting for longer than the rebalance timeout', async () => {
    const silent = client({ instanceId: 'silent', sessionTimeout: 1_000_000, rebalanceTimeout: 20_000 });
    const first = silent.join();
    await clock.pass(6000);
    await first;
    await silent.sync();
    const changed = client({ instanceId: 'other', sessionTimeout: 10_000, rebalanceTimeout: 20_000 });
    void changed.join();
    await settled();
    expect(changed.coordinator.leave({ groupId: 'group', members: [{ memberId: '', groupInstanceId: 'other' }] }).members[0]!.errorCode).toBe(0);
    await clock.pass(50_000);
    const next = client({ sessionTimeout: 10_000, rebalanceTimeout: 20_000 }).join();
    await settled();
    expect(await stateOf()).toBe('PreparingRebalance');
    await clock.pass(20_000);
    expect((await next).errorCode).toBe(0);
  });
});

test('groups are described, listed, and deleted when they are empty', async () => {
  const [member] = await stable(1, { metadata: 'meta' });
  expect(await coordinator.describe(['group', 'nothing'], { apiVersion: 6 })).toMatchObject([
    { errorCode: 0, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range', members: [{ memberId: member!.memberId, clientId: 'client', clientHost: '/127.0.0.1' }] },
    { errorCode: 69, groupState: 'Dead' },
  ]);
  expect((await coordinator.describe(['nothing'], { apiVersion: 5 }))[0]!.errorCode).toBe(0);
  expect(await coordinator.list({ statesFilter: ['stable'] })).toHaveLength(1);
  expect(await coordinator.list({ statesFilter: ['Empty'] })).toEqual([]);
  expect(await coordinator.list({ typesFilter: ['consumer'] })).toEqual([]);
  await member!.commit(1n);
  expect(await coordinator.delete(['group', 'nothing'])).toMatchObject([{ errorCode: 68 }, { errorCode: 69 }]);
  member!.leave();
  expect(await coordinator.delete(['group'])).toEqual([{ groupId: 'group', errorCode: 0 }]);
  expect(await coordinator.list()).toEqual([]);
  expect((await coordinator.fetch({ groupId: 'group', topics: null })).topics).toEqual([]);
});
