// A disk that is full: producers are told by error 56, readers go on, and producing works again when there is space. Skipped where no file
// system can be mounted.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Mounted } from '../../../test/support/file-systems';
import { fetch } from '../../protocol/layouts/data';
import { createTopic, send } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { Broker } from 'corebuf-broker';
import { batchOf, recordsIn } from '../log/batches';

const MIB = 1024 * 1024;
const STORAGE_ERROR = 56;

let mounted: Mounted | undefined;
try {
  mounted = new Mounted({ name: 'tmpfs', type: 'tmpfs', bytesLeast: 0 }, 48 * MIB);
} catch (error) {
  console.warn(`no disk can be filled here: ${(error as Error).message}`);
}
afterAll(() => mounted?.end());
const testWithDisk = mounted === undefined ? test.skip : test;

/** Writes a file until there is no space. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}

testWithDisk('on a full disk producers get error 56 and readers their records; later producing works again', async () => {
  const { folder } = mounted!;
  const broker = await Broker.start({ dir: join(folder, 'data'), memory: '32MiB' });
  const client = await WireClient.to(broker);
  await createTopic(client, 'full');
  expect((await send(client, 'full', 0, batchOf({ values: ['before'] }))).errorCode).toBe(0);
  const filler = join(folder, 'filler');
  fillUp(filler);
  const large = 'x'.repeat(900_000);
  const codes: number[] = [];
  while (codes.at(-1) !== STORAGE_ERROR && codes.length < 40) codes.push((await send(client, 'full', 0, batchOf({ values: [large] }))).errorCode);
  expect(codes.at(-1)).toBe(STORAGE_ERROR);
  expect(codes.slice(0, -1).every((code) => code === 0)).toBe(true);
  expect(await valuesFrom(client, 0n)).toEqual(['before']);

  rmSync(filler);
  let code = STORAGE_ERROR;
  let offset = -1n;
  while (code === STORAGE_ERROR) ({ errorCode: code, baseOffset: offset } = await send(client, 'full', 0, batchOf({ values: ['after'] })));
  expect([code, offset]).toEqual([0, BigInt(codes.length)]);
  expect(await valuesFrom(client, offset)).toEqual(['after']);
  client.close();
  await broker.close();
});

/** Values of the first batch at `fetchOffset`. */
async function valuesFrom(client: WireClient, fetchOffset: bigint): Promise<string[]> {
  const topics = [{ topic: 'full', topicId: '', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 }] }];
  const { responses } = await client.call(fetch, 11, { maxWaitMs: 0, minBytes: 0, topics, forgottenTopicsData: [], rackId: '' });
  return recordsIn(responses[0]!.partitions[0]!.records!.share()).map(({ value }) => value);
}
