// docs/api says what the typings say: it generates the reference again and compares. An export or a member without a doc comment is a
// warning of typedoc, and fails too. `npm run docs:api` renews the pages.
//
// The pages are committed, because readers look for them in the repository, where README links to them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { report, root } from './tree.mjs';

const folder = mkdtempSync(join(tmpdir(), 'corebuf-api-'));
try {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typedoc/bin/typedoc'), '--out', folder], { cwd: root, stdio: 'inherit' });
  report('api docs', status === 0 ? differences() : ['typedoc had warnings']);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function differences() {
  const committed = join(root, 'docs/api');
  const pages = new Set([...pagesIn(folder), ...pagesIn(committed)]);
  return [...pages].filter((page) => textOf(folder, page) !== textOf(committed, page)).map((page) => `docs/api/${page} is not what the typings say: run \`npm run docs:api\``);
}

function pagesIn(folder) {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md')) : [];
}

function textOf(folder, page) {
  const path = join(folder, page);
  return existsSync(path) ? withSortedUnions(readFileSync(path, 'utf8')) : undefined;
}

/** The compiler gives the texts of a union in the order in which it has met them, which differs from checkout to checkout. */
function withSortedUnions(text) {
  return text.replace(/`"[^"`]*"`(?: \\\| `"[^"`]*"`)+/g, (union) => union.split(' \\| ').sort().join(' \\| '));
}
