// Packages that only some tools need, and that are large or for another system: they are installed into a folder of their own when they are needed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ATTEMPTS = 2;
const MILLISECONDS_MAX = 300_000;

/** Folder of the package `name` within `folder`, with its `file`. `options` are more of npm's. It is installed when it is not there. */
export function npmPackage(folder, name, version, file, options = []) {
  const path = join(folder, 'node_modules', name);
  if (existsSync(join(path, file))) return path;
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', ...options, `${name}@${version}`];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    mkdirSync(folder, { recursive: true });
    // A project of its own, in which npm works: with --prefix it would not read the settings of this machine, its certificates among them.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: MILLISECONDS_MAX });
    if (status === 0) return path;
    rmSync(folder, { recursive: true, force: true }); // What is there may be a part of it.
  }
  throw new Error(`${name}@${version} could not be installed from npm`);
}
