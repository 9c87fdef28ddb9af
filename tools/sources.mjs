// native/sources.gypi is the one list of C++ sources, read by CMake and by gyp. It is a list and not a glob, so that
// both builds notice a new file; this program keeps it equal to the files on disk.
//   node tools/sources.mjs           compares, for CI
//   node tools/sources.mjs --write   renews the list
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesIn, report, root } from './tree.mjs';

const list = join(root, 'native/sources.gypi');
const sources = filesIn('native', /\.cc$/).map((path) => path.slice('native/'.length));
const isTest = (path) => path.endsWith('_test.cc');
const isNode = (path) => path.startsWith('node/');
const isOf = (system) => (path) => path.endsWith(`_${system}.cc`);
const [linux, ofPosix, darwin] = ['linux', 'posix', 'darwin'].map((system) => sources.filter(isOf(system)));
const sibling = (path) => path.replace(/_posix\.cc$/, '_darwin.cc');

// gyp reads paths relative to this file because the names end in _files.
const variables = {
  core_files: sources.filter((path) => !isTest(path) && !isNode(path) && ![...linux, ...ofPosix, ...darwin].includes(path)),
  // Each system compiles the core files and one of these lists. macOS takes what is POSIX where it has nothing of its own.
  linux_files: linux,
  posix_files: ofPosix,
  darwin_files: [...darwin, ...ofPosix.filter((path) => !darwin.includes(sibling(path)))].sort(),
  node_files: sources.filter((path) => !isTest(path) && isNode(path)),
  test_files: sources.filter((path) => isTest(path) && !isNode(path)),
};
const expected = `${JSON.stringify({ variables }, null, 2)}\n`;
const current = existsSync(list) ? readFileSync(list, 'utf8') : '';

if (process.argv.includes('--write')) {
  // Untouched when it is right: its date decides what is built again.
  if (current !== expected) writeFileSync(list, expected);
} else {
  report('sources', [
    ...(current === expected ? [] : ['native/sources.gypi is not what is on disk: run `node tools/sources.mjs --write`']),
    ...sources.filter((path) => isTest(path) && isNode(path)).map((path) => `${path}: native/node is tested from JavaScript`),
  ]);
}
