// The addresses of a broker: where it listens, and where it tells clients to connect.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { metadata } from '../../protocol/layouts/cluster';
import { checkOptions } from '../../main/options';
import { WireClient } from '../api/wire-client';
import { newFolder, startBroker } from '../clients/broker';

const dir = 'never-made';

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])('clients are not told to connect to %s', (host) => {
  expect(() => checkOptions({ dir, host })).toThrow(/^options\.advertisedHost \(--advertise\) must be given with the host '[^\n]*$/);
  expect(() => checkOptions({ dir, advertisedHost: host })).toThrow(/^options\.advertisedHost must not be '/);
  expect(checkOptions({ dir, host, advertisedHost: 'broker.example' })).toMatchObject({ host, advertisedHost: 'broker.example' });
});

test.each(['127.0.0.1', '::1', 'localhost', '10.0.0.0'])('they are told to connect to %s', (host) => {
  expect(checkOptions({ dir, host })).toMatchObject({ host });
});

test.each(['', 7, null])('a host is not %j', (host) => {
  expect(() => checkOptions({ dir, host: host as string })).toThrow(TypeError);
  expect(() => checkOptions({ dir, advertisedHost: host as string })).toThrow(/advertisedHost/);
});

test('the program says so in one line', () => {
  const program = join(__dirname, '../../bin/corebuf-broker.js');
  const { status, stderr } = spawnSync(process.execPath, [program, '--dir', newFolder(), '--port', '0', '--listen', '0.0.0.0'], { encoding: 'utf8', timeout: 30_000 });
  expect(stderr).toMatch(/^corebuf-broker: options\.advertisedHost \(--advertise\) must be given [^\n]*\n$/);
  expect(status).toBe(2);
});

test('a broker on all addresses tells clients its advertised host', async () => {
  const broker = await startBroker({ host: '0.0.0.0', advertisedHost: 'localhost' });
  expect(broker.address.host).toBe('localhost');
  const client = await WireClient.to(broker);
  const request = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false, includeClusterAuthorizedOperations: false };
  expect((await client.call(metadata, 9, request)).brokers).toMatchObject([broker.address]);
  client.close();
});
