// The reference pages list all codes of errors and all environment variables, and no others. Links lead to files, and README is short.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

function allMatches(paths: readonly string[], pattern: RegExp): string[] {
  const found = paths.flatMap((path) => [...text(path).matchAll(pattern)].map(([, name]) => name!));
  return [...new Set(found)].sort();
}

/** First cells of the table below a heading of a page. */
function listed(path: string, heading: string): string[] {
  const section = text(path).split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).sort();
}

const lib = filesIn('lib', /\.ts$/);

describe('docs/errors.md', () => {
  const codesIn = (path: string): string[] => [...text(path).matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code!).sort();
  const own = codesIn('lib/base/errors.ts');
  const ofLoading = codesIn('lib/native/load-error.ts');

  test('lists every code of CorebufError', () => {
    expect(own.length).toBeGreaterThan(8);
    expect(listed('docs/errors.md', 'Codes of CorebufError')).toEqual(own);
  });

  test('lists every code of LoadError', () => {
    expect(ofLoading.length).toBeGreaterThan(5);
    expect(listed('docs/errors.md', 'Codes of LoadError')).toEqual(ofLoading);
  });

  test("lists every code of Node's that is thrown", () => {
    const thrown = allMatches(lib, /'(ERR_[A-Z_]+)'/g).filter((code) => ![...own, ...ofLoading].includes(code));
    expect(listed('docs/errors.md', 'Codes of Node')).toEqual(thrown);
  });
});

describe('docs/environment.md', () => {
  const native = filesIn('native', /\.(h|cc)$/);
  const cpp = (paths: readonly string[]): string[] => allMatches(paths, /"(COREBUF_[A-Z_]+)"/g);

  test('lists every variable that the package knows', () => {
    const shipped = native.filter((path) => !/_test(_support)?\.\w+$/.test(path));
    const known = new Set([...allMatches(lib, /(COREBUF_[A-Z_]*[A-Z])/g), ...cpp(shipped)]);
    expect(listed('docs/environment.md', 'For programs')).toEqual([...known].sort());
  });

  test('lists every variable that tests know', () => {
    const programs = listed('docs/environment.md', 'For programs');
    const jest = allMatches([...filesIn('test', /\.ts$/), ...filesIn('broker/test', /\.m?ts$/)], /(COREBUF_[A-Z_]*[A-Z])/g);
    const known = new Set([...jest, ...cpp(native)].filter((name) => !programs.includes(name)));
    // These two are what a test sets to see which threads get it.
    known.delete('COREBUF_TEST_SWITCH');
    known.delete('COREBUF_TEST_SHARED');
    expect(listed('docs/environment.md', 'For the tests of this project')).toEqual([...known].sort());
  });
});

describe('documents', () => {
  const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...filesIn('docs', /\.md$/)];

  test.each(pages)('%s links to files and headings that are there', (page) => {
    const prose = text(page).replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect([target, existsSync(join(root, file))]).toEqual([target, true]);
      if (heading !== undefined && file.endsWith('.md')) expect(anchorsIn(file)).toContain(heading);
    }
  });
});

/** As GitHub makes them of headings: a heading that is there again gets a number. */
function anchorsIn(path: string): string[] {
  const seen = new Map<string, number>();
  return [...text(path).matchAll(/^#+ (.*)$/gm)].map(([, title]) => {
    const anchor = title!.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}
