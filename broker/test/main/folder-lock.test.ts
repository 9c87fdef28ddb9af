// One broker at a time uses a folder.
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Broker } from 'corebuf-broker';
import { newFolder, startBroker } from '../clients/broker';

const program = join(__dirname, '../../bin/corebuf-broker.js');
const inUse = (dir: string): string => `'${dir}' is in use: one broker at a time may use a folder; end the other one, or name another folder`;

test('a second broker on the same folder is refused, in this process and in another one', async () => {
  const dir = newFolder();
  await startBroker({ dir });
  await expect(Broker.start({ dir })).rejects.toThrow(inUse(dir));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--dir', dir, '--port', '0'], { encoding: 'utf8', timeout: 20_000 });
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: `corebuf-broker: ${inUse(dir)}\n` });
});

test('a folder is the same one under another name', async () => {
  const dir = newFolder();
  const link = join(newFolder(), 'link');
  symlinkSync(dir, link);
  await startBroker({ dir });
  await expect(Broker.start({ dir: link })).rejects.toThrow(inUse(link));
});

test('a folder is free again when its broker has closed, or could not start', async () => {
  const dir = newFolder();
  await (await Broker.start({ dir, memory: '64MiB' })).close();
  const { address } = await startBroker();
  await expect(Broker.start({ dir, memory: '64MiB', port: address.port })).rejects.toThrow(/EADDRINUSE/);
  await (await Broker.start({ dir, memory: '64MiB' })).close();
});
