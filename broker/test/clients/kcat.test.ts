// The broker as librdkafka uses it, in Debian's kcat. Skipped on machines without it.
import { addressOf, startBroker } from './broker';
import { hasKcat, kcat } from './kcat';

const testWithKcat = hasKcat ? test : test.skip;

testWithKcat.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('records that are compressed with %s come back as they were', async (codec) => {
  const address = addressOf(await startBroker({ shards: 2, partitions: 1 }));
  const lines = Array.from({ length: 2000 }, (_, at) => `key${at % 10}:${'value '.repeat(at % 50)}${at}`);
  await kcat(address, ['-P', '-t', codec, '-K:', '-z', codec], `${lines.join('\n')}\n`);
  const read = await kcat(address, ['-C', '-t', codec, '-e', '-q', '-o', 'beginning', '-f', '%k:%s\n']);
  expect(read.trimEnd().split('\n')).toEqual(lines);
});

testWithKcat('metadata names the broker and its topics', async () => {
  const broker = await startBroker();
  await kcat(addressOf(broker), ['-P', '-t', 'seen'], 'a\n');
  const text = await kcat(addressOf(broker), ['-L', '-J']);
  expect(JSON.parse(text)).toMatchObject({ brokers: [{ id: 0, name: addressOf(broker) }], topics: [{ topic: 'seen' }] });
});

testWithKcat('a group goes on where it stopped', async () => {
  const address = addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 }));
  const lines = (first: number, last: number): string[] => Array.from({ length: last - first + 1 }, (_, at) => `line ${first + at}`);
  const send = (some: string[]): Promise<string> => kcat(address, ['-P', '-t', 'shared'], `${some.join('\n')}\n`);
  const read = async (): Promise<string[]> => {
    const text = await kcat(address, ['-G', 'readers', '-e', '-q', '-X', 'auto.offset.reset=earliest', 'shared']);
    return text.trimEnd().split('\n').sort();
  };
  await send(lines(10, 29));
  expect(await read()).toEqual(lines(10, 29));
  await send(lines(30, 34));
  expect(await read()).toEqual(lines(30, 34));
});

testWithKcat('an idempotent producer of librdkafka is served', async () => {
  const address = addressOf(await startBroker());
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at}`).join('\n');
  await kcat(address, ['-P', '-t', 'once', '-X', 'enable.idempotence=true'], `${lines}\n`);
  expect(await kcat(address, ['-C', '-t', 'once', '-e', '-q', '-o', 'beginning'])).toBe(`${lines}\n`);
});
