// Modules of Node that a shard loads: each takes milliseconds, in which the shard serves nobody.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Broker } from 'corebuf-broker';
import { joinGroup } from '../../protocol/layouts/groups';
import { createTopic } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { newFolder } from '../clients/broker';

interface Report {
  readonly isMainThread: boolean;
  readonly modules: readonly string[];
}

test('a shard with a topic and a group, and without logins and TLS, loads neither node:crypto nor node:tls', async () => {
  const program = join(__dirname, '../bounds/programs/broker-process.mjs');
  const options = { dir: newFolder(), memory: '64MiB', shards: 1, groupInitialDelay: 0 };
  const execArgv = ['--require', join(__dirname, 'programs/report-modules.cjs')];
  const child = fork(program, [JSON.stringify(options)], { execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const reports: Report[] = [];
  const lines = createInterface(child.stdout!).on('line', (line) => void reports.push(JSON.parse(line) as Report));
  const [{ address }] = (await once(child, 'message')) as [{ address: Broker['address'] }];
  const client = await WireClient.to({ address } as Broker);
  await createTopic(client, 'topic');
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  const request = { groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer', protocols };
  expect((await client.call(joinGroup, 3, request)).errorCode).toBe(0);
  client.close();
  child.disconnect();
  await once(lines, 'close');
  const [shard] = reports.filter(({ isMainThread }) => !isMainThread);
  expect(shard!.modules).toContain('fs');
  expect(shard!.modules).not.toContain('crypto');
  expect(shard!.modules).not.toContain('tls');
});
