// The least that every platform must do, in a few seconds: two shards, a durable append on each that is read back, and an echo over TCP.
// Prints what the machine can do, and `ok`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capabilities, IoBuf, Listener, ShardGroup } from 'corebuf';
import type { Durable } from '../workers/durable-shard.js';

const SHARDS = 2;
const TEXT = 'the first record\n';

async function appends(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'corebuf-platform-'));
  const options = { shards: SHARDS, memory: '64MiB', workerData: { folder } } as const;
  const group = await ShardGroup.start<Durable>(join(__dirname, '../workers/durable-shard.js'), options);
  const durable = await Promise.all([0, 1].map((index) => group.shard(index).append(IoBuf.from(TEXT))));
  assert.deepEqual(durable, [TEXT.length, TEXT.length]);
  await group.close();
  for (let index = 0; index < SHARDS; index++) assert.equal(readFileSync(join(folder, `shard-${index}.log`), 'latin1').slice(0, TEXT.length), TEXT);
  rmSync(folder, { recursive: true });
}

async function echoes(): Promise<void> {
  const listener = await Listener.open({ host: '127.0.0.1' });
  listener.on('connection', (accepted) => accepted.onInput((input) => void accepted.post(input)));
  const socket = connect((listener.address as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  socket.write(TEXT);
  let answer = '';
  while (answer.length < TEXT.length) answer += String(await once(socket, 'data'));
  assert.equal(answer, TEXT);
  socket.destroy();
  await listener.close();
}

void (async (): Promise<void> => {
  console.log(`${process.platform} ${process.arch}, Node ${process.version}:`, capabilities());
  await appends();
  await echoes();
  console.log('ok');
})();
