// README and docs/platforms.md name each binary that the package brings, and no other; package.json names the systems and processors.
import { readFileSync } from 'node:fs';

import { fullPath, nameOf, platforms } from './platforms.mjs';
import { report } from './tree.mjs';

const { os, cpu } = JSON.parse(readFileSync(fullPath('package.json'), 'utf8'));

report('platforms', [
  ...differences('the tables of README.md', namesIn('README.md'), platforms.map(nameOf)),
  ...differences('the tables of docs/platforms.md', namesIn('docs/platforms.md'), platforms.map(nameOf)),
  ...differences('`os` in package.json', os, platforms.map(({ platform }) => platform)),
  ...differences('`cpu` in package.json', cpu, platforms.map(({ arch }) => arch)),
]);

function namesIn(path) {
  const rows = readFileSync(fullPath(path), 'utf8').split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) => [...row.matchAll(/`((?:linux|darwin|win32)-[\w-]+)`/g)].map(([, name]) => name));
}

function differences(where, named, expected) {
  const missing = expected.filter((name) => !named.includes(name)).map((name) => `${where}: ${name} is missing`);
  const unknown = named.filter((name) => !expected.includes(name)).map((name) => `${where}: ${name} is named, and should not be`);
  return [...new Set([...missing, ...unknown])];
}
