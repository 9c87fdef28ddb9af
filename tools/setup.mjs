// From a checkout to something that runs: packages, native build, TypeScript. Each step runs only when what it reads
// has changed, so that every npm script can begin with this one. It needs no package itself: a fresh checkout has none.
//   node tools/setup.mjs           what is needed
//   node tools/setup.mjs --force   builds again, whatever the dates say
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { root } from './tree.mjs';

process.chdir(root);
const force = process.argv.includes('--force');

if (packagesDiffer()) step('packages', () => run('npm', 'ci', '--no-audit', '--no-fund'));

build('native', {
  product: 'build/Release/corebuf.node',
  stamp: 'build/.built',
  inputs: ['native', 'CMakeLists.txt', 'binding.gyp', 'node_modules/.package-lock.json'],
  pattern: /(?<!_test)\.(cc|h|gypi)$/,
  make: buildNative,
});

build('typescript', {
  product: 'dist/index.mjs',
  stamp: 'out/.built',
  inputs: ['lib', 'examples', 'bench', 'test/fixtures', 'tsconfig.json', 'tsconfig.programs.json', 'node_modules/.package-lock.json'],
  pattern: /\.ts$/,
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
  run(process.execPath, tsc, '--build', ...(force ? ['--force'] : []), 'tsconfig.json', 'tsconfig.programs.json');
  // For `import`: the names of the CommonJS module, one by one (`*` would add __esModule); both ways give the same classes.
  // Asking the module for them shows at the same time that the binary loads, and that loading keeps no process alive.
  const ask = ['-p', "Object.keys(require('./dist/index.js')).join(', ')"];
  const { status, stdout, stderr } = spawnSync(process.execPath, ask, { encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) fail(`the package does not load:\n${stderr}`);
  writeFileSync('dist/index.mjs', `export { ${stdout.trim()} } from './index.js';\n`);
  writeFileSync('dist/index.d.mts', "export * from './index.js';\n");
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
function build(name, { product, stamp, inputs, pattern, make }) {
  const isStale = () => !existsSync(product) || !existsSync(stamp) || newest(inputs, pattern) > statSync(stamp).mtimeMs;
  if (!force && !isStale()) return;
  const start = new Date();
  rmSync(stamp, { force: true });
  step(name, make);
  writeFileSync(stamp, '');
  utimesSync(stamp, start, start); // What was saved while we built is newer.
}

/** Folders count too: theirs is the date of what was removed. */
function newest(paths, pattern) {
  return paths
    .filter((path) => existsSync(path))
    .reduce((latest, path) => {
      const { mtimeMs } = statSync(path);
      if (!statSync(path).isDirectory()) return Math.max(latest, mtimeMs);
      const inside = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory() || pattern.test(entry.name));
      return Math.max(latest, mtimeMs, newest(inside.map((entry) => join(path, entry.name)), pattern));
    }, 0);
}

function step(name, make) {
  console.log(`setup: ${name}`);
  const start = performance.now();
  make();
  console.log(`setup: ${name} done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
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
