// What npm would publish is what a user needs: it packs, installs the tarball in an empty folder where every compiler
// fails, and loads it with require and with import. Run `npm run prebuild` first.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { report, root } from './tree.mjs';

const folder = mkdtempSync(join(tmpdir(), 'corebuf-pack-'));
const wrongs = [];
try {
  const [{ filename, files }] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder));
  const paths = files.map(({ path }) => path);
  const needed = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts'];
  for (const path of needed) if (!paths.includes(path)) wrongs.push(`${path} is not in the package`);
  if (!paths.some((path) => path.endsWith('.node'))) wrongs.push('no binary is in the package');
  for (const path of paths.filter((path) => /^(test|bench|tools|out)\//.test(path))) wrongs.push(`${path} is in the package`);

  const fakes = join(folder, 'fakes');
  mkdirSync(fakes);
  for (const tool of ['g++', 'gcc', 'c++', 'cc', 'make', 'cmake', 'node-gyp']) {
    writeFileSync(join(fakes, tool), '#!/bin/sh\nexit 1\n');
    chmodSync(join(fakes, tool), 0o755);
  }
  process.env.PATH = fakes + delimiter + process.env.PATH;
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename));
  const names = node('-p', "Object.keys(require('corebuf')).sort().join()");
  const esmNames = node('--input-type=module', '-e', "import * as all from 'corebuf'; console.log(Object.keys(all).sort().join())");
  if (names !== esmNames) wrongs.push(`require gives ${names}, import gives ${esmNames}`);
} catch (error) {
  wrongs.push(error.message);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report('pack', wrongs);

function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8' });
}

function node(...args) {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).trim();
}
