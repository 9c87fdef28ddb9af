// The broker stands on corebuf as any package would: its files import corebuf by its name alone, and never reach into lib/. A file of more
// than 300 lines has two subjects.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesIn, report, root } from './tree.mjs';

const LINES_MAX = 300;
const wrongs = [];
const files = filesIn('broker', /\.ts$/).filter((path) => !/^broker\/(dist|node_modules)\//.test(path));
for (const path of files) {
  const text = readFileSync(join(root, path), 'utf8');
  const lines = text.split('\n').length - 1;
  if (lines > LINES_MAX) wrongs.push(`${path} has ${lines} lines, and may have ${LINES_MAX}`);
  if (path.startsWith('broker/test/')) continue;
  for (const [, module] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]*)['"]/g)) {
    const isOwn = module.startsWith('.') && join(path, '..', module).startsWith('broker/');
    if (!isOwn && module !== 'corebuf' && !module.startsWith('node:')) {
      wrongs.push(`${path}: '${module}' is not a module of the broker, of Node, or corebuf by its name`);
    }
  }
}
report('broker', wrongs);
