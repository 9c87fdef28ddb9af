// README's programs, compiled against the installed package in each way that TypeScript resolves modules, with its typings checked; and run: a
// group of two shards appends to durable logs within two seconds.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { root } from '../tree.mjs';
import { run } from './run.mjs';

const MILLISECONDS_MAX = 2000;
const RUNS_MAX = 5;
const ways = [
  ['node16', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
  ['nodenext', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
  ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
];

export function wrongsOfReadme(installed) {
  const folder = join(installed, 'readme');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n(\/\/ ([\w-]+\.ts)\n.*?)^```$/gms)];
  const sources = blocks.map(([, code, name]) => {
    writeFileSync(join(folder, name), code);
    return join(folder, name);
  });
  const wrongs = ways.flatMap(([name, module, moduleResolution]) => compile(sources, { module, moduleResolution }).map((wrong) => `README, ${name}: ${wrong}`));
  return wrongs.length > 0 ? wrongs : wrongsOfRun(folder);
}

function compile(sources, resolution) {
  const program = ts.createProgram(sources, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    skipLibCheck: false,
    ...resolution,
  });
  return program.emit().diagnostics.concat(ts.getPreEmitDiagnostics(program)).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

/** The fastest of a few runs counts: the others may have waited for the disk, or for other programs. */
function wrongsOfRun(folder) {
  let fastest = Infinity;
  for (let runs = 0; runs < RUNS_MAX && fastest > MILLISECONDS_MAX; runs++) {
    const start = performance.now();
    const output = run(process.execPath, ['main.js'], { cwd: folder });
    fastest = Math.min(fastest, performance.now() - start);
    if (runs === 0 && output !== '[ 0, 10 ]\n') return [`README: main.ts printed ${output}`];
  }
  console.log(`pack: two shards and a durable append: ${fastest.toFixed(0)} ms`);
  return fastest <= MILLISECONDS_MAX ? [] : [`README: main.ts took ${fastest.toFixed(0)} ms, and may take ${MILLISECONDS_MAX}`];
}
