#!/usr/bin/env node
// Makes prebuilds/<platform>-<arch>/corebuf[.<libc>].node, the binaries that users get from npm.
//   node tools/prebuild.mjs [target …]    linux-x64, linux-arm64, linux-x64-musl, linux-arm64-musl, darwin-arm64, darwin-x64, or `all`;
//                                         no name means this machine's
// For glibc it needs g++, on x64 also Debian's g++-aarch64-linux-gnu; for the others zig, which it installs (zig.mjs); for macOS also Debian's lld.
// prebuildify names and strips a binary, but calls node-gyp to build it: `rebuild` is this program in node-gyp's place.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { wrongsOfBinary } from './pack/binaries.mjs';
import { binaryOf, floorOf, fullPath, hostPlatform, nameOf, platforms } from './platforms.mjs';
import { root } from './tree.mjs';
import { optionsOf } from './zig.mjs';

const machines = { x64: 'x86_64', arm64: 'aarch64' };
const [verb, ...names] = process.argv.slice(2);

if (verb === 'rebuild') rebuild(chosen([process.env.COREBUF_TARGET])[0]);
else for (const platform of chosen(verb === undefined ? [nameOf(hostPlatform())] : [verb, ...names])) await prebuild(platform);

function chosen(names) {
  if (names.includes('all')) return platforms;
  return names.map((name) => platforms.find((platform) => nameOf(platform) === name) ?? fail(`there is no target '${name}': ${platforms.map(nameOf).join(', ')}, or all`));
}

function rebuild(platform) {
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
  const options = usesZig(platform) ? zigOptions(platform) : gccOptions(platform);
  const defines = Object.entries(options).map(([key, value]) => `--CD${key}=${value}`);
  const args = ['rebuild', '--log-level', 'warn', '-d', root, '-O', join(process.cwd(), 'build'), '-p', `${availableParallelism()}`, ...defines];
  process.exitCode = spawnSync(process.execPath, [cmakeJs, ...args], { stdio: 'inherit' }).status ?? 1;
}

async function prebuild(platform) {
  const name = nameOf(platform);
  const start = performance.now();
  // A folder for each target: prebuildify takes the .node away from where it was built, and build/ is the one of this checkout.
  const cwd = join(root, 'build-prebuild', name);
  mkdirSync(cwd, { recursive: true });
  const binary = fullPath(binaryOf(platform));
  rmSync(binary, { force: true }); // A build that fails leaves no old binary to be published.
  process.env.COREBUF_TARGET = name;
  const options = { name: 'corebuf', cwd, out: root, napi: true, platform: platform.platform, arch: platform.arch, tagLibc: platform.libc ?? false };
  // The linker strips the binaries of zig: strip knows those of its own system only.
  const strip = usesZig(platform) ? { strip: false } : { strip: true, stripBin: `${prefixOf(platform)}strip` };
  const prebuildify = promisify(createRequire(import.meta.url)('prebuildify'));
  await prebuildify({ ...options, ...strip, nodeGyp: fileURLToPath(import.meta.url) }).catch((error) => fail(`${name}: ${error.message}`));
  const wrongs = wrongsOfBinary(platform, binary);
  for (const wrong of wrongs) console.error(`prebuild: ${name}: ${wrong}`);
  if (wrongs.length > 0) process.exitCode = 1;
  else console.log(`prebuild: ${name}: needs ${floorOf(platform)} or later (${((performance.now() - start) / 1000).toFixed(0)} s)`);
}

function usesZig({ platform, libc }) {
  return platform === 'darwin' || libc === 'musl';
}

function gccOptions(platform) {
  if (hostPlatform().platform !== 'linux') fail('binaries for glibc are built on Linux');
  const prefix = prefixOf(platform);
  if (prefix === '') return {};
  return { CMAKE_SYSTEM_NAME: 'Linux', CMAKE_SYSTEM_PROCESSOR: machines[platform.arch], CMAKE_CXX_COMPILER: `${prefix}g++` };
}

/** Debian's name for the tools that are made for another processor. */
function prefixOf({ arch }) {
  const host = hostPlatform();
  return host.arch === arch && host.libc === 'glibc' ? '' : `${machines[arch]}-linux-gnu-`;
}

function zigOptions(platform) {
  // The files of a folder are compiled together, as they are for the C++ tests. -s leaves out the symbols that nobody needs to load it.
  return { ...optionsOf(platform), CMAKE_UNITY_BUILD: 'ON', CMAKE_SHARED_LINKER_FLAGS: '-s' };
}

function fail(why) {
  console.error(`prebuild: ${why}`);
  process.exit(1);
}
