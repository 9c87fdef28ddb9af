// npm runs this after it has installed the packages of a checkout, and before it packs a dependency that was given as a git repository. There
// it makes what a tarball brings: the JavaScript, and the binary of this machine.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { binaryOf, fullPath, hostPlatform } from './platforms.mjs';

const { status, stdout, stderr } = spawnSync(process.execPath, [fullPath('tools/setup.mjs'), ...(isGitDependency() ? ['--package'] : [])], { encoding: 'utf8' });
if (status !== 0) {
  const lines = `${stdout}${stderr}`.trim().split('\n');
  const why = lines.findLast((line) => line.startsWith('setup: ')) ?? lines.at(-1);
  console.error(`corebuf could not be built from its repository: ${why?.replace(/^setup: /, '')}. Install the package from npm, which brings binaries.`);
  process.exit(1);
}
if (isGitDependency()) {
  const binary = fullPath(binaryOf(hostPlatform()));
  mkdirSync(dirname(binary), { recursive: true });
  cpSync(fullPath('build/Release/corebuf.node'), binary);
  writeFileSync(fullPath('prebuilds/.this-machine-only'), '');
}

/** Package managers clone such a dependency into a folder of their own: the command was given elsewhere. */
function isGitDependency() {
  return (process.env.INIT_CWD ?? process.cwd()) !== process.cwd() || process.env._PACOTE_NO_PREPARE_ !== undefined;
}
