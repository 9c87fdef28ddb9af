// The broker as @platformatic/kafka uses it: newer versions of most requests, topics by their ids.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { addressOf, newFolder, startBroker } from './broker';

const program = join(__dirname, 'platformatic-client.mjs');


function values(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => `value ${first + at}`);
}

const codecs = ['gzip', 'snappy', 'lz4', ...('zstdCompressSync' in zlib ? ['zstd'] : [])];

/** The second version needs Node 22.22, or 24.6. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNew = major > 24 || (major === 24 && minor >= 6) || (major === 22 && minor >= 22);
const packages = ['@platformatic/kafka', ...(isNew ? ['platformatic-kafka-2'] : [])];

describe.each(packages)('%s', (name) => {
  /** What the client was told. */
  async function client(address: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const { stdout } = await promisify(execFile)(process.execPath, [program, name, address, ...args.map(String)], { timeout: 30_000 });
    return JSON.parse(stdout);
  }

  async function read(address: string, topic: string, group: string, count: number): Promise<string[]> {
    const found = (await client(address, 'consume', topic, group, count)) as string[];
    return found.sort((one, other) => Number(one.slice(6)) - Number(other.slice(6)));
  }

  test('what two idempotent producers send, a consumer of a group gets', async () => {
    const address = addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 }));
    await client(address, 'produce', 'strings', 0, 9, 'none');
    await client(address, 'produce', 'strings', 10, 19, 'none');
    expect(await read(address, 'strings', 'g', 20)).toEqual(values(0, 19));
  });

  test.each(codecs)('records that are compressed with %s come back as they were', async (codec) => {
    const address = addressOf(await startBroker({ partitions: 1, groupInitialDelay: 0 }));
    await client(address, 'produce', codec, 0, 499, codec);
    expect(await read(address, codec, 'g', 500)).toEqual(values(0, 499));
  });

  test('a group goes on where it stopped when the broker has restarted with another number of shards', async () => {
    const dir = newFolder();
    const broker = await startBroker({ dir, partitions: 2, groupInitialDelay: 0 });
    await client(addressOf(broker), 'produce', 'kept', 0, 9, 'none');
    expect(await read(addressOf(broker), 'kept', 'readers', 10)).toEqual(values(0, 9));
    await broker.close();
    const again = addressOf(await startBroker({ dir, shards: 2, groupInitialDelay: 0 }));
    await client(again, 'produce', 'kept', 10, 12, 'none');
    expect(await read(again, 'kept', 'readers', 3)).toEqual(values(10, 12));
  });

  test('the partitions of a member that is killed are taken over', async () => {
    const address = addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 }));
    await client(address, 'produce', 'shared', 0, 9, 'none');
    const member = execFile(process.execPath, [program, name, address, 'consume', 'shared', 'pair', '1000']);
    const committed = async (): Promise<number> => ((await client(address, 'committed', 'pair')) as { committed: number }).committed;
    while ((await committed()) < 10);
    const gone = once(member, 'exit');
    member.kill('SIGKILL');
    await gone;
    await client(address, 'produce', 'shared', 10, 12, 'none');
    expect(await read(address, 'shared', 'pair', 3)).toEqual(values(10, 12));
  }, 60_000);

  test('topics are created, described, enlarged, set and deleted', async () => {
    const address = addressOf(await startBroker({ shards: 2 }));
    expect(await client(address, 'topics')).toEqual({
      created: { name: 'made', partitions: 2 }, again: 'TOPIC_ALREADY_EXISTS', enlarged: 5, retention: ['1000', '2000'], listed: [true, false],
    });
  });

  test('groups are listed, described and deleted, with their offsets', async () => {
    const address = addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 }));
    await client(address, 'produce', 'seen', 0, 9, 'none');
    await read(address, 'seen', 'watched', 10);
    expect(await client(address, 'groups', 'watched')).toEqual({ listed: ['watched'], state: 'empty', committed: 10, left: [] });
  });
});
