// A broker for one test, on a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from 'corebuf-broker';
import type { BrokerOptions } from 'corebuf-broker';

export const brokers: Broker[] = [];
const folders: string[] = [];

/** A folder that is removed after the tests of the file. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'corebuf-broker-'));
  folders.push(folder);
  return folder;
}

export async function startBroker(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await Broker.start({ dir: newFolder(), memory: '128MiB', ...options });
  brokers.push(broker);
  return broker;
}

export function addressOf({ address }: Broker): string {
  return `${address.host}:${address.port}`;
}

afterAll(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
