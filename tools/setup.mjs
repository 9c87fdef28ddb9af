// From a checkout to something that runs: packages, native build, TypeScript. Each step runs only when what it reads
// has changed, so that every npm script can begin with this one. It needs no package itself: a fresh checkout has none.
//   node tools/setup.mjs            what is needed
//   node tools/setup.mjs --force    builds again, whatever the dates say
//   node tools/setup.mjs --package  what a package has: the binary, unless prebuilds/ has one, and dist/
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { root } from './tree.mjs';

process.chdir(root);
const force = process.argv.includes('--force');
const onlyPackage = process.argv.includes('--package');

// Without scripts: `prepare` would run this program again.
if (!onlyPackage && packagesDiffer()) step('packages', () => run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'));

if (!onlyPackage || !existsSync(`prebuilds/${process.platform}-${process.arch}`)) build('native', {
  product: 'build/Release/corebuf.node',
  stamp: 'build/.built',
  inputs: ['native', 'CMakeLists.txt', 'binding.gyp', 'node_modules/.package-lock.json'],
  pattern: /(?<!_test)\.(cc|h|gypi)$/,
  make: buildNative,
});

build('typescript', {
  product: 'dist/index.mjs',
  stamp: 'out/.built',
  inputs: [
    'lib', 'broker', 'examples', 'bench', 'test/programs', 'test/support', 'test/workers', 'tsconfig.json', 'tsconfig.page.json',
    'tsconfig.programs.json', 'tools/bundle.mjs', 'node_modules/.package-lock.json',
  ],
  pattern: /\.(ts|html|css|svg)$|^tsconfig\.json$/,
  skip: ['broker/dist', 'broker/test'],
  make: buildTypeScript,
});

function buildNative() {
  if (!has(process.env.CXX ?? 'g++', 'c++', 'clang++')) fail('no C++20 compiler was found: install g++ (Debian: apt install g++)');
  if (has('cmake') && has('ninja', 'make')) {
    run(process.execPath, 'node_modules/cmake-js/bin/cmake-js', 'compile', '--log-level', 'warn', '-p', `${availableParallelism()}`);
    return;
  }
  if (!has('make')) fail('make was not found: install it (Debian: apt install make)');
  if (!has('python3')) fail('neither cmake nor python3 was found: install one of them (Debian: apt install cmake)');
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  run(process.execPath, nodeGyp(prefix), 'rebuild', '--loglevel', 'warn', '--jobs', 'max', ...headers);
}

/** The one that npm carries: node-gyp is not among our packages. */
function nodeGyp(prefix) {
  const carried = join(prefix, 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js');
  return (
    [process.env.npm_config_node_gyp, carried].find((path) => path && existsSync(path)) ??
    fail("npm's node-gyp was not found: run `npm run setup`, or install cmake")
  );
}

function buildTypeScript() {
  const tsc = 'node_modules/typescript/bin/tsc';
  const ofPackage = ['tsconfig.json', 'tsconfig.page.json'];
  const projects = onlyPackage ? ofPackage : [...ofPackage, 'tsconfig.programs.json'];
  run(process.execPath, tsc, '--build', ...(force ? ['--force'] : []), ...projects);
  copyPage();
  run(process.execPath, 'tools/bundle.mjs', ...(onlyPackage ? ['--package'] : []));
}

/** The files of the inspector's page that need no compiler. */
function copyPage() {
  const [from, to] = ['lib/inspector/page', 'dist/inspector/page'];
  for (const name of readdirSync(from)) if (!name.endsWith('.ts')) copyFileSync(join(from, name), join(to, name));
}

/** npm keeps a list of what it has installed; dates would say nothing after a git checkout. */
function packagesDiffer() {
  const list = 'node_modules/.package-lock.json';
  if (!existsSync(list)) return true;
  const installed = JSON.parse(readFileSync(list, 'utf8')).packages;
  const wanted = Object.entries(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages);
  return wanted.some(([path, { version, optional }]) => path !== '' && !optional && installed[path]?.version !== version);
}

/** Runs `make` when an input is newer than the stamp: a build that finds nothing to do leaves its product's date alone. */
function build(name, { product, stamp, inputs, pattern, skip = [], make }) {
  const isStale = () => !existsSync(product) || !existsSync(stamp) || newest(inputs, pattern, skip) > statSync(stamp).mtimeMs;
  if (!force && !isStale()) return;
  const start = new Date();
  rmSync(stamp, { force: true });
  step(name, make);
  writeFileSync(stamp, '');
  utimesSync(stamp, start, start); // A file that was saved during the build is newer.
}

/** Folders count too: theirs is the date of what was removed. */
function newest(paths, pattern, skip) {
  return paths
    .filter((path) => existsSync(path) && !skip.includes(path))
    .reduce((latest, path) => {
      const { mtimeMs } = statSync(path);
      if (!statSync(path).isDirectory()) return Math.max(latest, mtimeMs);
      const inside = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory() || pattern.test(entry.name));
      return Math.max(latest, mtimeMs, newest(inside.map((entry) => join(path, entry.name)), pattern, skip));
    }, 0);
}

function step(name, make) {
  console.error(`setup: ${name}`);
  const start = performance.now();
  make();
  console.error(`setup: ${name} done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail(`\`${[command, ...args].join(' ')}\` ${error ? error.message : `ended with ${status}`}`);
}

function has(...tools) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return tools.some((tool) => folders.some((folder) => existsSync(join(folder, tool))));
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
