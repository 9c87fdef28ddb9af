// Runs the checks of this project one after the other, and fails when one of them fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { root } from './tree.mjs';

const checks = [
  ['tools/check-layers.mjs'],
  ['tools/sources.mjs'],
  ['tools/check-length.mjs'],
  ['tools/check-broker.mjs'],
  ['tools/check-platforms.mjs'],
  ['tools/bench-table.mjs', '--check'],
  ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json'], // jest does not check the types of tests
  ['node_modules/typescript/bin/tsc', '-p', 'broker/test/tsconfig.json'],
];
for (const [program, ...args] of checks) {
  const { status } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
