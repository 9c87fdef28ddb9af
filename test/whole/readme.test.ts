// The code of README.md is true: it compiles as it stands, runs, and does what the text around it says.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IoBuf } from 'corebuf';
import { blocksIn, compileInto, runFile } from '../support/documents';
import { expectNothingLeaked, startGroup } from '../support/shards';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

expectNothingLeaked();
removeScratchAfterEach();

const blocks = blocksIn('README.md');

/** A folder with the compiled programs. */
function compiled(): string {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocks)).toEqual([]);
  return folder;
}

test('there are three programs of at most 12 lines, each with a name', () => {
  expect(blocks.map(({ name }) => name)).toEqual(['chain.ts', 'log-shard.ts', 'main.ts']);
  for (const { name, lines } of blocks) expect([name, lines <= 12]).toEqual([name, true]);
});

test('a wrong program does not compile', () => {
  const folder = dirname(scratchPath());
  const wrong = "// wrong.ts\nimport { IoBuf } from 'corebuf';\nIoBuf.from(1);\n";
  expect(compileInto(folder, [{ name: 'wrong.ts', code: wrong, lines: 3 }])).toEqual([expect.stringContaining('wrong.ts: Argument of type')]);
});

test('the chain prints what its comments say', async () => {
  const comments = [...blocks[0]!.code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, said]) => said);
  expect(comments.length).toBeGreaterThan(0);
  expect((await runFile(compiled(), 'chain.js')).trimEnd().split('\n')).toEqual(comments);
});

test('the log keeps every record of calls in flight together, and goes on behind them after a restart', async () => {
  const folder = compiled();
  expect(await runFile(folder, 'main.js')).toBe('[ 0, 10 ]\n');
  expect(await runFile(folder, 'main.js')).toBe('[ 21, 31 ]\n');
  expect(readFileSync(join(folder, 'shard-0.log'), 'utf8')).toBe('the first\nthe second\n'.repeat(2));
  expect(statSync(join(folder, 'shard-1.log')).size).toBe(0);
});

interface Log {
  append(records: IoBuf): Promise<number>;
}

describe('the log in a group of this process', () => {
  const home = process.cwd();
  afterEach(() => process.chdir(home));

  test('overwrites no record and cuts none, whatever their lengths, while several are in flight', async () => {
    const folder = compiled();
    process.chdir(folder);
    const lengths = [100, 300 * 1024, 1, 128 * 1024, 4096, 128 * 1024 + 1];
    const records = lengths.map((length, at) => Buffer.alloc(length, `${at}`));
    const starts: number[] = [];
    for (let start = 0; start < 2; start++) {
      const group = await startGroup<Log>(join(folder, 'log-shard.js'));
      starts.push(...(await Promise.all(records.map((record) => group.shard(1).append(IoBuf.from(record))))));
      await group.close();
    }
    const file = readFileSync(join(folder, 'shard-1.log'));
    expect(file.equals(Buffer.concat([...records, ...records]))).toBe(true);
    starts.forEach((start, at) => {
      const record = records[at % records.length]!;
      expect(file.subarray(start, start + record.length).equals(record)).toBe(true);
    });
  });
});
