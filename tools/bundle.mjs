// The JavaScript of the packages. Of corebuf: one module, dist/core.js, and the small files by which programs and workers enter it. Of the broker:
// a module for each way in. Each thread loads a package anew, and two hundred files would cost it three times the time of one. The names stay as
// they are in the sources, and a map leads from the module's lines to theirs, in a checkout.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildSync } from 'esbuild';

import { root } from './tree.mjs';

const dist = join(root, 'dist');

/** What the entries share; and what only tests ask for, of the binding and of calls, which is no part of the contract. */
const CORE = `
export * as index from './index.js';
export * as inspector from './inspector.js';
export { runWorker } from './group/worker-main.js';
export { native, constants } from './native/binding.js';
export { linkedCount } from './rpc/remote-signals.js';
`;

const common = { bundle: true, platform: 'node', format: 'cjs', target: 'node20.17', sourcemap: true, legalComments: 'none', logLevel: 'warning' };
buildSync({
  ...common,
  stdin: { contents: CORE, resolveDir: join(root, 'lib'), sourcefile: 'core.ts', loader: 'ts' },
  outfile: join(dist, 'core.js'),
  tsconfig: join(root, 'tsconfig.json'),
});
refuseRenamedClasses();
giveNamesBack(join(dist, 'core.js'));
keepToAscii(join(dist, 'core.js'));
writeFileSync(join(dist, 'worker.js'), "'use strict';\nrequire('./core.js').runWorker();\n");
for (const entry of ['index', 'inspector']) writeEntry(entry);

if (!process.argv.includes('--package')) {
  buildSync({
    ...common,
    entryPoints: { index: join(root, 'broker/index.ts'), cli: join(root, 'broker/main/cli.ts'), 'shard-main': join(root, 'broker/main/shard.ts') },
    outdir: join(root, 'broker/dist'),
    tsconfig: join(root, 'broker/tsconfig.json'),
    external: ['corebuf'],
  });
  for (const name of ['index', 'cli', 'shard-main']) giveNamesBack(join(root, 'broker/dist', `${name}.js`));
  // The name says that it is CommonJS: a shard loads such a module without import(), which would take longer than running it.
  writeFileSync(join(root, 'broker/dist/shard.cjs'), "'use strict';\nrequire('./shard-main.js');\n");
}

/** Of two classes of one name the bundler renames one, and then errors and console.log() would show a name that nobody knows. */
function refuseRenamedClasses() {
  const renamed = [...readFileSync(join(dist, 'core.js'), 'utf8').matchAll(/\bclass (\w+?)\d+\b/g)].map(([, name]) => name);
  if (renamed.length > 0) throw new Error(`two classes of lib/ have the name ${renamed.join(', ')}: give one of them another`);
}

/**
 * The bundler makes `var IoBuf = class _IoBuf` of a class that refers to itself, and errors and console.log() would show that name. Within the
 * class its own name hides the variable and means the same. A space in the place of the line keeps the columns of the map right.
 */
function giveNamesBack(path) {
  const code = readFileSync(path, 'utf8');
  const renamed = new Set([...code.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name]) => name));
  writeFileSync(path, code.replace(/(?<![\w$.#])_(\w+)\b/g, (found, name) => (renamed.has(name) ? ` ${name}` : found)));
}

/**
 * A single character beyond makes V8 hold the whole source in two bytes per character, in each thread, and read it by a third more slowly. The
 * bundler escapes such characters in strings, so what is left of them are words of comments.
 */
function keepToAscii(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const code = lines.find((line) => /[^\0-\x7f]/.test(line) && !/^\s*(\*|\/\*|\/\/)/.test(line));
  if (code !== undefined) throw new Error(`a character beyond ASCII is in code, not in a comment:\n${code}`);
  writeFileSync(path, lines.join('\n').replaceAll('\u2026', '...').replaceAll('\u00b5s', 'us').replace(/[^\0-\x7f]/g, '?'));
}

/**
 * One file for `require` and one for `import`, which give the same classes. Both name the exports one by one, because Node finds the names of a
 * CommonJS module by reading it. Asking the module for them shows at the same time that the binary loads, and that loading keeps no process alive.
 */
function writeEntry(entry) {
  const ask = ['-p', `Object.keys(require('./dist/core.js').${entry}).join(' ')`];
  const { status, stdout, stderr } = spawnSync(process.execPath, ask, { cwd: root, encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(`the package does not load:\n${stderr}`);
  const names = stdout.trim().split(' ');
  const lines = names.map((name) => `exports.${name} = ${entry}.${name};\n`);
  writeFileSync(join(dist, `${entry}.js`), `'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\nconst { ${entry} } = require('./core.js');\n${lines.join('')}`);
  writeFileSync(join(dist, `${entry}.mjs`), `export { ${names.join(', ')} } from './${entry}.js';\n`);
  writeFileSync(join(dist, `${entry}.d.mts`), `export * from './${entry}.js';\n`);
}
