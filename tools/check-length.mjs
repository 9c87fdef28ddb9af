// Prints how long our files are, for the eye: the aim is a median of about 100 lines, and past 400 a file is two nouns.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesIn, root } from './tree.mjs';

for (const [folder, pattern] of [['native', /\.(h|cc)$/], ['lib', /\.ts$/], ['test', /\.ts$/]]) {
  const files = filesIn(folder, pattern)
    .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  if (files.length === 0) continue;
  const longest = files.slice(0, 3).map(({ path, lines }) => `${path} ${lines}`);
  console.log(`length: ${folder}: ${files.length} files, median ${files[files.length >> 1].lines} lines, longest ${longest.join(', ')}`);
}
