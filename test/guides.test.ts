// The guides say what is true: their code compiles, runs to its end, and leaves nothing behind.
import { readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { examplesIn, programIn, run, typeErrorsIn } from './support/code-blocks';
import type { Snippet } from './support/code-blocks';
import { removeScratchAfterEach, scratchPath } from './support/scratch';
import { expectNothingLeaked } from './support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const root = join(__dirname, '..');
const guides = readdirSync(join(root, 'docs/guides')).filter((name) => name.endsWith('.md'));

describe.each(guides)('docs/guides/%s', (name) => {
  const program = programIn(`docs/guides/${name}`);

  test('compiles', () => {
    expect(program.code.trim()).not.toBe('');
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
