// The examples in the doc comments of lib/ are true: each compiles and runs, with what is in scope here, and leaves nothing behind. An
// expression with a value in a comment behind it, as in `chain.length; // 3`, has that value.
import { readdirSync } from 'node:fs';
import { Duplex, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import * as corebuf from 'corebuf';
import * as inspector from 'corebuf/inspector';
import { examplesIn, run, typeErrorsIn } from '../support/code-blocks';
import type { Snippet } from '../support/code-blocks';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';

const examples = readdirSync(join(__dirname, '../../lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => examplesIn(`lib/${name}`));
/** Examples that attach this thread; it has its shard from then on. */
const attaching = examples.filter(({ code }) => code.includes('attach({'));

beforeAll(async () => {
  for (const example of attaching) await run(example, { ...corebuf });
});
expectNothingLeaked();
removeScratchAfterEach();

/** Names that examples need not explain. */
const declarations = `
${Object.keys(corebuf).map((name) => `declare const ${name}: typeof import('corebuf').${name};`).join('\n')}
declare const inspect: typeof import('corebuf/inspector').inspect;
type IoBuf = import('corebuf').IoBuf;
type Log = { append(key: number, records: IoBuf): number };
declare const logModule: string;
declare const group: import('corebuf').ShardGroup<Log>;
declare const file: import('corebuf').DmaFile;
declare const path: string;
declare const socket: import('node:stream').Duplex;
declare const request: import('node:stream').Readable;
declare const cache: { evict(bytes: number): void };
declare const pipeline: typeof import('node:stream/promises').pipeline;
declare const createGzip: typeof import('node:zlib').createGzip;
`;

const needs = ({ code }: Snippet, name: string): boolean => new RegExp(`\\b${name}\\b`).test(code);

/** Input for `socket` and `request`, and a peer that reads everything. */
function incoming(): Duplex {
  return Duplex.from({ readable: PassThrough.from([Buffer.from('incoming')]), writable: new PassThrough().resume() });
}

const VALUE = /^(?!\s*(?:const|let|using|await using)\b)(\s*)(.*\S); \/\/ (-?\d\S*|'.*'|true|false|undefined|\[.*\])$/gm;

async function runInScope(example: Snippet): Promise<void> {
  const scope = {
    ...corebuf,
    ...inspector,
    logModule: workerModule('log-shard'),
    path: scratchPath(),
    socket: incoming(),
    request: PassThrough.from([Buffer.from('incoming')]),
    cache: { evict: () => undefined },
    pipeline,
    createGzip,
    group: needs(example, 'group') && !needs(example, 'logModule') ? await startGroup(workerModule('log-shard')) : undefined,
    file: needs(example, 'file') && !/\bfile =/.test(example.code) ? await corebuf.DmaFile.open(scratchPath(), 'w+') : undefined,
    expectValue: (actual: unknown, expected: unknown): void => expect(actual).toEqual(expected),
  };
  try {
    await run({ ...example, code: `{${example.code.replace(VALUE, '$1expectValue($2, $3);')}\n}` }, scope);
  } finally {
    await scope.file?.close();
  }
}

test('there are some, and they compile', () => {
  expect(examples.length).toBeGreaterThan(60);
  expect(typeErrorsIn(examples, declarations)).toEqual([]);
});

test.each(examples.filter((example) => !attaching.includes(example)).map((example) => [`${example.path}:${example.line}`, example] as const))(
  '%s runs',
  (_, example) => runInScope(example),
);

test('a value that is another one fails', async () => {
  await expect(runInScope({ path: 'a.ts', line: 1, code: '1 + 1; // 2' })).resolves.toBeUndefined();
  await expect(runInScope({ path: 'a.ts', line: 1, code: '1 + 1; // 3' })).rejects.toThrow('a.ts:1');
});
