#!/usr/bin/env node
// Makes prebuilds/<platform>-<arch>/corebuf.<libc>.node, the binary that users get from npm.
//   node tools/prebuild.mjs [arch]    this machine's, or arm64 with Debian's g++-aarch64-linux-gnu
// prebuildify names and strips the binary but calls node-gyp to build it: `rebuild` is this program in node-gyp's place.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { root } from './tree.mjs';

/** The oldest Linux that a binary has to load on (Debian 10, RHEL 8). */
const floor = { GLIBC: '2.28', GLIBCXX: '3.4.25' };

const [verb] = process.argv.slice(2);
if (verb === 'rebuild') rebuild(process.env.PREBUILD_ARCH);
else prebuild(verb ?? process.arch);

function rebuild(arch) {
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
  const args = ['rebuild', '--log-level', 'warn', '-d', root, '-O', join(process.cwd(), 'build'), '-p', `${availableParallelism()}`];
  if (arch !== process.arch) {
    const machine = { arm64: 'aarch64', x64: 'x86_64' }[arch];
    args.push('--CDCMAKE_SYSTEM_NAME=Linux', `--CDCMAKE_SYSTEM_PROCESSOR=${machine}`);
    args.push(`--CDCMAKE_CXX_COMPILER=${machine}-linux-gnu-g++`);
  }
  process.exitCode = spawnSync(process.execPath, [cmakeJs, ...args], { stdio: 'inherit' }).status ?? 1;
}

function prebuild(arch) {
  // A folder for each architecture: prebuildify takes the .node away from where it was built, and build/ is ours.
  const cwd = join(root, 'build-prebuild', arch);
  mkdirSync(cwd, { recursive: true });
  const folder = join(root, 'prebuilds', `${process.platform}-${arch}`);
  rmSync(folder, { recursive: true, force: true }); // A build that fails leaves no old binary to be published.
  const tool = (name) => (arch === process.arch ? name : `${{ arm64: 'aarch64', x64: 'x86_64' }[arch]}-linux-gnu-${name}`);
  const options = { name: 'corebuf', arch, cwd, out: root, napi: true, tagLibc: true, strip: true, stripBin: tool('strip') };
  createRequire(import.meta.url)('prebuildify')({ ...options, nodeGyp: fileURLToPath(import.meta.url) }, (error) => {
    if (error) throw error;
    for (const name of readdirSync(folder)) checkFloor(join(folder, name), tool('objdump'));
  });
}

function checkFloor(binary, objdump) {
  if (process.platform !== 'linux') return;
  const { stdout, error } = spawnSync(objdump, ['-T', binary], { encoding: 'utf8' });
  if (error) throw error;
  for (const [library, highest] of Object.entries(floor)) {
    const needs = [...stdout.matchAll(new RegExp(`\\b${library}_([\\d.]+)`, 'g'))].map(([, version]) => version);
    const most = needs.sort(byVersion).at(-1) ?? 'none';
    console.log(`prebuild: ${binary} needs ${library} ${most}`);
    if (needs.length > 0 && byVersion(most, highest) > 0) {
      console.error(`prebuild: ${library} may be ${highest} at most`);
      process.exitCode = 1;
    }
  }
}

function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
