// The platforms that the package brings binaries for, where they lie, and what they need. lib/native/load.ts reads the same names.
import { join } from 'node:path';

import { root } from './tree.mjs';

/** `libc` is part of the name where a system has several. */
export const platforms = [
  { platform: 'linux', arch: 'x64', libc: 'glibc' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  { platform: 'linux', arch: 'x64', libc: 'musl' },
  { platform: 'linux', arch: 'arm64', libc: 'musl' },
  { platform: 'darwin', arch: 'arm64', libc: undefined },
  { platform: 'darwin', arch: 'x64', libc: undefined },
];

/** The oldest systems that a binary has to load on: Debian 10 and RHEL 8; Alpine 3.17; what Node 22 needs of macOS. */
export const floors = { GLIBC: '2.28', GLIBCXX: '3.4.25', musl: '1.2.3', macOS: '11.0' };

export function floorOf({ libc }) {
  const libraries = { glibc: ['GLIBC', 'GLIBCXX'], musl: ['musl'] }[libc] ?? ['macOS'];
  return libraries.map((library) => `${library} ${floors[library]}`).join(', ');
}

/** As people say it: linux-x64 is the one with glibc. */
export function nameOf({ platform, arch, libc }) {
  return libc === 'musl' ? `${platform}-${arch}-musl` : `${platform}-${arch}`;
}

/** Path in the package. */
export function binaryOf({ platform, arch, libc }) {
  return `prebuilds/${platform}-${arch}/corebuf${libc === undefined ? '' : `.${libc}`}.node`;
}

/** This machine's. Node for glibc names its version in the header of its report. */
export function hostPlatform() {
  process.report.excludeNetwork = true;
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = process.platform !== 'linux' ? undefined : glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return { platform: process.platform, arch: process.arch, libc };
}

export function fullPath(path) {
  return join(root, path);
}
