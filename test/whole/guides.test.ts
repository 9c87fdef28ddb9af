// The guides are true: their code compiles, runs to its end, and leaves nothing behind.
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { examplesIn, programIn, run, typeErrorsIn } from '../support/code-blocks';
import type { Snippet } from '../support/code-blocks';
import { blocksIn, compileInto, runFile } from '../support/documents';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const root = join(__dirname, '../..');
const guides = readdirSync(join(root, 'docs/guides')).filter((name) => name.endsWith('.md'));

test.each(guides)('docs/guides/%s has code, and its files compile', (name) => {
  const blocks = blocksIn(`docs/guides/${name}`);
  expect(blocks.length).toBeGreaterThan(0);
  expect(compileInto(dirname(scratchPath()), blocks)).toEqual([]);
});

test('the shards of the first guide count words', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/getting-started.md'))).toEqual([]);
  expect(await runFile(folder, 'count.js')).toBe('[ 2, 1 ]\n');
});

test('the cache of the guide about ownership keeps its values in its own memory', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/who-owns-these-bytes.md'))).toEqual([]);
  expect(await runFile(folder, 'cache.js')).toBe('caller lends 0 bytes, shards keep 1 + 1 + 1 MiB\n65536 true\n');
});

test('a checked view of the guide about safety ends with the release', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/safety-modes.md'))).toEqual([]);
  // A copy of the bytes, which that variable asks for, would outlive the release.
  expect(await runFile(folder, 'checked.js', { COREBUF_COPY_VIEWS: '' })).toBe('0\n');
});

test('the store of the guide about embedding finds its values on both shards', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/embedding-in-an-engine.md'))).toEqual([]);
  expect(await runFile(folder, 'host.js')).toBe('one two undefined\n');
});

test('the shards of the guide about servers send messages back', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/servers-on-shards.md'))).toEqual([]);
  expect(await runFile(folder, 'main.js')).toBe('hello\n');
});

test('a call of the guide about migrating moves a chain', async () => {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocksIn('docs/guides/migrating-from.md'))).toEqual([]);
  expect(await runFile(folder, 'ask.js')).toBe('4\n');
});

const programs = guides.map((name) => [name, programIn(`docs/guides/${name}`)] as const).filter(([, { code }]) => code.trim() !== '');

describe.each(programs)('docs/guides/%s', (_, program) => {
  test('compiles', () => {
    expect(typeErrorsIn([program])).toEqual([]);
  });

  test('runs', () => run(program));
});

describe('code in documents', () => {
  const written = (text: string): string => {
    const path = scratchPath();
    writeFileSync(path, text);
    return relative(root, path);
  };

  test('is what stands in ts blocks, on its lines', () => {
    const path = written('# Title\n```ts\nconst a = 1;\n```\ntext\n```sh\nls\n```\n```ts\nlet b = a;\n```\n');
    expect(programIn(path)).toEqual({ path, line: 1, code: '\n\nconst a = 1;\n\n\n\n\n\n\nlet b = a;\n\n' });
  });

  test('is what follows @example in a doc comment, on its lines', () => {
    const path = written('/**\n * Text.\n *\n * @example\n * one();\n *   two();\n * @throws x\n */\nf();\n  /**\n   * @example\n   * three();\n   */\n');
    expect(examplesIn(path)).toEqual<Snippet[]>([
      { path, line: 5, code: '\n\n\n\none();\n  two();' },
      { path, line: 12, code: '\n\n\n\n\n\n\n\n\n\n\nthree();' },
    ]);
  });

  test('sees the names that it is given, and fails with its place', async () => {
    const snippet: Snippet = { path: 'a.md', line: 3, code: "\n\nimport { sep } from 'node:path';\nif (sep !== given) throw new Error('differs');" };
    await run(snippet, { given: '/' });
    await expect(run(snippet, { given: '?' })).rejects.toThrow('a.md:3: differs');
    expect(typeErrorsIn([snippet])).toEqual(["a.md:4: Cannot find name 'given'."]);
    expect(typeErrorsIn([snippet], 'declare const given: string;')).toEqual([]);
  });
});
