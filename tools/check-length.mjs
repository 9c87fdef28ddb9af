// Prints how long the files are: the aim is a median of about 100 lines, and a file of more than 400 has two subjects. README.md, which a
// newcomer reads in two minutes, has at most 900 words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesIn, report, root } from './tree.mjs';

for (const [folder, pattern] of [['native', /\.(h|cc)$/], ['lib', /\.ts$/], ['test', /\.ts$/]]) {
  const files = filesIn(folder, pattern)
    .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  if (files.length === 0) continue;
  const longest = files.slice(0, 3).map(({ path, lines }) => `${path} ${lines}`);
  console.log(`length: ${folder}: ${files.length} files, median ${files[files.length >> 1].lines} lines, longest ${longest.join(', ')}`);
}

const WORDS_MAX = 900;
const words = readFileSync(join(root, 'README.md'), 'utf8').split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word)).length;
report('length', words > WORDS_MAX ? [`README.md has ${words} words, and may have ${WORDS_MAX}: move something to docs/`] : []);
