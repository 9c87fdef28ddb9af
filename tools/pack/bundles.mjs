// docs/guides/bundlers.md is true: its configurations run with real bundlers, and so do the programs that come out. A bundle that contains
// the package fails with ERR_BUNDLED, whatever the bundler.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { root } from '../tree.mjs';
import { run } from './run.mjs';
import { peers, toolsFolder } from './tools.mjs';

const SEA_FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const bin = (name) => join(toolsFolder(peers), 'node_modules/.bin', name);

export function wrongsOfBundles(installed) {
  const folder = join(installed, '../bundles');
  prepare(folder, installed);
  return [...ofGuide(folder), ...ofBundledPackage(folder), ...ofExecutable(folder)];
}

/** The files of the guide, and all packages that they import. */
function prepare(folder, installed) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  const tools = join(toolsFolder(peers), 'node_modules');
  for (const name of readdirSync(tools)) symlinkSync(join(tools, name), join(folder, 'node_modules', name));
  symlinkSync(join(installed, 'node_modules/corebuf'), join(folder, 'node_modules/corebuf'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const text = readFileSync(join(root, 'docs/guides/bundlers.md'), 'utf8');
  for (const [, code, name] of text.matchAll(/^```[jt]s\n(\/\/ ([\w.-]+\.\w+)\n.*?)^```$/gms)) {
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    const isTypeScript = name.endsWith('.ts');
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), isTypeScript ? ts.transpile(code, options) : code);
  }
}

function ofGuide(folder) {
  const inFolder = { cwd: folder };
  const builds = [
    ['esbuild.config.mjs', process.execPath, ['esbuild.config.mjs'], 'out/esbuild.mjs', 'from a bundle\n'],
    ['webpack.config.mjs', process.execPath, ['webpack.run.mjs'], 'out/webpack.cjs', 'from a bundle\n'],
    ['rollup.config.mjs', bin('rollup'), ['--config', 'rollup.config.mjs', '--silent'], 'out/rollup.mjs', 'from a bundle\n'],
    ['ncc', bin('ncc'), ['build', 'app.js', '--external', 'corebuf', '--out', 'out/ncc'], 'out/ncc/index.js', 'from a bundle\n'],
    ['shards.config.mjs', process.execPath, ['shards.config.mjs'], 'out/main.js', '5\n'],
  ];
  // webpack's own command line is another package.
  writeFileSync(join(folder, 'webpack.run.mjs'), webpackProgram('(await import("./webpack.config.mjs")).default'));
  return builds.flatMap(([name, program, args, file, expected]) => {
    run(program, args, inFolder);
    const output = run(process.execPath, [file], inFolder);
    return output === expected ? [] : [`bundlers.md, ${name}: the program printed ${output}`];
  });
}

function webpackProgram(configuration) {
  return `import webpack from 'webpack';
    webpack(${configuration}, (error, stats) => { if (error ?? stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only')); });`;
}

function ofBundledPackage(folder) {
  writeFileSync(join(folder, 'in.webpack.mjs'), webpackProgram(`{ mode: 'production', target: 'node20', entry: './app.js', output: { path: ${JSON.stringify(folder)}, filename: 'in-webpack.cjs' } }`));
  writeFileSync(join(folder, 'in.rollup.mjs'), `import { nodeResolve } from '@rollup/plugin-node-resolve'; import commonjs from '@rollup/plugin-commonjs';
    export default { input: 'app.js', output: { file: 'in-rollup.mjs', format: 'es' }, plugins: [nodeResolve({ preferBuiltins: true }), commonjs()] };`);
  const esbuild = (format, file) => [bin('esbuild'), ['app.js', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`, '--log-level=error'], file];
  const builds = [
    esbuild('esm', 'in-esbuild.mjs'),
    esbuild('cjs', 'in-esbuild.cjs'),
    [process.execPath, ['in.webpack.mjs'], 'in-webpack.cjs'],
    [bin('rollup'), ['--config', 'in.rollup.mjs', '--silent'], 'in-rollup.mjs'],
    [bin('ncc'), ['build', 'app.js', '--out', 'in-ncc'], 'in-ncc/index.js'],
  ];
  return builds.flatMap(([program, args, file]) => {
    run(program, args, { cwd: folder });
    const { text } = run(process.execPath, ['-e', `import('./${file}').catch((error) => console.log(error.code, error.message))`], { cwd: folder, mayFail: true });
    return text.startsWith('ERR_BUNDLED corebuf was bundled into ') ? [] : [`${file}, which contains the package, says ${text.slice(0, 300)}`];
  });
}

function ofExecutable(folder) {
  const blob = join(folder, 'sea.blob');
  writeFileSync(join(folder, 'sea.json'), JSON.stringify({ main: 'sea.cjs', output: blob, disableExperimentalSEAWarning: true }));
  run(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: folder });
  const executable = join(folder, 'app');
  copyFileSync(process.execPath, executable);
  chmodSync(executable, 0o755);
  run(bin('postject'), [executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SEA_FUSE], { cwd: folder });
  const output = run(executable, [], { cwd: folder });
  return output === 'from an executable\n' ? [] : [`bundlers.md, sea.cjs: the executable printed ${output}`];
}
