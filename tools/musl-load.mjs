// musl itself loads the binary for musl on x64: every symbol that it needs is there, since it is linked with -z now. Needs Debian's musl-tools, and no Node
// for musl: a program takes its place that has Node's functions by name only, and asks for the version of Node-API.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './pack/run.mjs';
import { binaryOf, fullPath, nameOf, platforms } from './platforms.mjs';
import { report, root } from './tree.mjs';

const musl = platforms.find((platform) => nameOf(platform) === 'linux-x64-musl');
const NODE_API = '8';
const folder = join(root, 'build-prebuild/musl-load');
const binary = fullPath(binaryOf(musl));

if (!existsSync(binary)) fail(`${binary} is missing: run \`npm run prebuild -- linux-x64-musl\``);
if (spawnSync('musl-gcc', ['--version']).status !== 0) fail('musl-gcc does not run: install musl-tools');

const undefinedNames = run('readelf', ['--dyn-syms', '--wide', binary]).matchAll(/GLOBAL\s+DEFAULT\s+UND\s+((?:napi|uv|node_api)_\w+)/g);
const functions = [...undefinedNames].map(([, name]) => `void ${name}(void) { __builtin_trap(); }`);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'host.c'), `${functions.join('\n')}
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char** arguments) {
  void* library = dlopen(arguments[count - 1], RTLD_NOW);
  int (*version)(void) = library == NULL ? NULL : (int (*)(void))dlsym(library, "node_api_module_get_api_version_v1");
  if (version == NULL) return fprintf(stderr, "%s\\n", dlerror()), 1;
  printf("%d\\n", version());
  return 0;
}
`);
const host = join(folder, 'host');
run('musl-gcc', ['-rdynamic', '-w', '-o', host, join(folder, 'host.c')]);
const { text, failed } = run(host, [binary], { mayFail: true });
report('musl', failed || text !== NODE_API ? [`${binary} does not load: ${text}`] : []);

function fail(why) {
  console.error(`musl: ${why}`);
  process.exit(1);
}
