// A misspelt option is an error, or its default would be used in silence. The public types tell which calls take options, so that none is left out.
import { Connection, DmaBuffer, DmaFile, IoBuf, Listener, SegmentAppender, ShardGroup, attach, ioClass, serve } from 'corebuf';
import { inspect } from 'corebuf/inspector';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { publicTypes } from '../support/public-types';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

/** It has every option that a call needs, and one that no call has. */
const misspelt = { misspelt: true } as object;
const service = workerModule('service');

type Use = () => unknown;

async function withFile(use: (file: DmaFile) => unknown): Promise<void> {
  const path = scratchPath();
  writeFileSync(path, Buffer.alloc(8192));
  await using file = await DmaFile.open(path, 'r+');
  await use(file);
}

async function withChain(use: (chain: IoBuf) => unknown): Promise<void> {
  using chain = IoBuf.from('bytes');
  await use(chain);
}

async function withGroup(use: (group: ShardGroup<unknown>) => unknown): Promise<void> {
  await using group = await ShardGroup.start(service, { shards: 1, memory: '16MiB' });
  await use(group);
}

async function withConnection(use: (connection: Connection) => unknown): Promise<void> {
  const listener = await Listener.open({ host: '127.0.0.1' });
  try {
    const connection = await Connection.connect({ host: '127.0.0.1', port: (listener.address as AddressInfo).port });
    try {
      await use(connection);
    } finally {
      connection.destroy();
    }
  } finally {
    await listener.close();
  }
}

const start = (options: object): Promise<unknown> => ShardGroup.start(service, { shards: 1, memory: '16MiB', ...options });

const calls: Record<string, Use> = {
  'Connection.connect': () => Connection.connect({ host: '127.0.0.1', port: 1, ...misspelt }),
  'Connection.more': () => withConnection((connection) => connection.more(1, misspelt)),
  'Connection.read': () => withConnection((connection) => connection.read(misspelt)),
  'Connection.readExactly': () => withConnection((connection) => connection.readExactly(1, misspelt)),
  'Connection.write': () => withConnection((connection) => connection.write('x', misspelt)),
  'DmaBuffer.alloc': () => DmaBuffer.alloc(4096, misspelt),
  'DmaFile.chunks': () => withFile((file) => file.chunks(misspelt)),
  'DmaFile.open': () => DmaFile.open(__filename, 'r', misspelt),
  'DmaFile.read': () => withFile((file) => file.read(0, 1, misspelt)),
  'DmaFile.readMany': () => withFile((file) => file.readMany([], misspelt)),
  'DmaFile.stat': () => withFile((file) => file.stat(misspelt)),
  'DmaFile.stream': () => withFile((file) => file.stream(misspelt)),
  'DmaFile.toWeb': () => withFile((file) => file.toWeb(misspelt)),
  'DmaFile.write': () => withFile((file) => withChain((chain) => file.write(0, chain, misspelt))),
  'IoBuf.clearAsync': () => withChain((chain) => chain.clearAsync(misspelt)),
  'IoBuf.collect': () => IoBuf.collect([], misspelt),
  'IoBuf.copyAsync': () => withChain((chain) => chain.copyAsync(misspelt)),
  'IoBuf.crc32cAsync': () => withChain((chain) => chain.crc32cAsync(0, misspelt)),
  'IoBuf.equalsAsync': () => withChain((chain) => chain.equalsAsync('bytes' as never, misspelt)),
  'IoBuf.readable': () => withChain((chain) => chain.readable(misspelt)),
  'IoBuf.sink': () => IoBuf.sink(() => undefined, misspelt),
  'IoBuf.take': () => withChain((chain) => chain.take(new IoBuf(), misspelt)),
  'IoBuf.writeTo': () => withChain((chain) => chain.writeTo(process.stdout, misspelt)),
  'IoBuf.xxhash64Async': () => withChain((chain) => chain.xxhash64Async(0n, misspelt)),
  'Listener.open': () => Listener.open(misspelt),
  'SegmentAppender.open': () => SegmentAppender.open(scratchPath(), misspelt),
  'ShardGroup.close': () => withGroup((group) => group.close(misspelt)),
  'ShardGroup.listen': () => withGroup((group) => group.listen(misspelt)),
  'ShardGroup.restart': () => withGroup((group) => group.restart(0, misspelt)),
  'ShardGroup.start': () => start(misspelt),
  'ShardGroup.stats': () => withGroup((group) => group.stats(misspelt)),
  attach: () => attach(misspelt),
  inspect: () => inspect(misspelt),
  ioClass: () => ioClass('default', misspelt),
  serve: () => serve({}, misspelt),
};

/** Options within options, and those of other names. */
const further: Record<string, Use> = {
  'Connection.takeFrames': () => withConnection((connection) => void connection.takeFrames({ lengthBytes: 4, maxLength: 10, ...misspelt })),
  'GroupOptions.resourceLimits': () => start({ resourceLimits: misspelt }),
  'GroupOptions.restart': () => start({ restart: misspelt }),
};

/** The calls of the public types that have a parameter named `options`. */
function callsWithOptions(): string[] {
  const found = [...publicTypes('index'), ...publicTypes('inspector')].flatMap(({ name, text }) => {
    if (/^export declare function/.test(text)) return /\boptions\??:/.test(text) ? [name] : [];
    if (!/^export declare (abstract )?class/.test(text)) return [];
    const methods = text.split(/^ {4}(?=\S)/m).filter((member) => /^\w[^]*\boptions\??:/.test(member));
    return methods.map((member) => `${name}.${/^(?:static )?(\w+)/.exec(member)![1]!}`);
  });
  return [...new Set(found)].sort();
}

test('every call that takes options is here', () => {
  expect(Object.keys(calls).sort()).toEqual(callsWithOptions());
});

test.each(Object.entries({ ...calls, ...further }))('%s refuses a misspelt option', async (_, call) => {
  const error = await Promise.resolve()
    .then(call)
    .then(() => 'accepted', (reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringMatching(/must have no property but .*; received "misspelt"$/) as string });
});

test('DmaBuffer.alloc refuses `zero` that is no boolean, and takes options that are inherited', () => {
  expect(() => DmaBuffer.alloc(4096, { zero: 1 as never })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error);
  using block = DmaBuffer.alloc(512, Object.create({ zero: true, alignment: 512, other: 1 }) as object);
  expect(block.bytes.equals(Buffer.alloc(512))).toBe(true);
});
