// The rules of this project that a program can judge, one after the other; it fails when one of them did.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { root } from './tree.mjs';

const checks = [
  ['tools/check-layers.mjs'],
  ['tools/sources.mjs'],
  ['tools/check-length.mjs'],
  ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json'], // jest does not check the types of tests
];
for (const [program, ...args] of checks) {
  const { status } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
