// Finds the binary of this platform and loads it: the only file that does. It tells each cause of failure apart (load-error.ts).
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { codeFolder } from '../base/code-folder.js';
import { binaryPath } from '../base/environment.js';
import { cutShort } from './cut-binary.js';
import { LoadError } from './load-error.js';

const packageFolder = folderOfPackage();
/** Where a checkout builds, and the binaries that the package brings: <platform>-<arch>/corebuf[.<libc>].node. */
const builtBinary = join(packageFolder, 'build', 'Release', 'corebuf.node');
const prebuilds = join(packageFolder, 'prebuilds');

/** Texts of dlopen that say why, and advice. */
const advices: readonly (readonly [RegExp, string])[] = [
  [
    /version `(GLIBC|GLIBCXX|CXXABI)_[\d.]+' not found/,
    'The C library of this system is too old: corebuf needs GLIBC 2.28 and GLIBCXX 3.4.25 (Debian 10, RHEL 8). Use a newer image, or build on this system.',
  ],
  [
    /failed to map segment|Operation not permitted/,
    'The folder may lie on a file system that is mounted with noexec: install the package elsewhere, or mount it with exec.',
  ],
  [
    /cannot open shared object file|Error loading shared library|Library not loaded/,
    'A library that the binary needs is missing: install it (Debian: libstdc++6; Alpine: libstdc++).',
  ],
  [
    /invalid ELF header|wrong ELF class|file too short|file was cut|Exec format error|not a mach-o|incompatible architecture|slice is not valid/i,
    'The file is damaged, or belongs to another processor: remove node_modules and install again, on the machine or in the image that runs the program.',
  ],
  [/Permission denied/, 'The file may not be read: give this user the right to read it.'],
];

/** A binary that this thread has loaded, and where it lies. */
export interface Loaded {
  readonly path: string;
  readonly exports: object;
}

/** The nearest one that has a package.json: tests load modules of lib/, one folder deeper than the module that is shipped. */
function folderOfPackage(): string {
  let folder = codeFolder;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** @throws LoadError */
export function loadBinary(): Loaded {
  const path = binaryPath === undefined ? ownBinary() : givenBinary(binaryPath);
  const exports = loading(path, () => requireWhole(path));
  if (!('constants' in exports)) throw new LoadError('ERR_BINARY_PATH', [`${path} is an addon, but not corebuf's.`]);
  return { path, exports };
}

function requireWhole(path: string): object {
  const wrong = cutShort(path);
  if (wrong !== undefined) throw new Error(`${path}: ${wrong}`);
  return require(path) as object;
}

/** One more instance of the binary, for a further copy of this package's JavaScript in the same thread. @throws LoadError */
export function loadAgain(path: string): object {
  const module = { exports: {} };
  loading(path, () => process.dlopen(module, path));
  return module.exports;
}

function givenBinary(given: string): string {
  const path = resolve(given);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
  throw new LoadError('ERR_BINARY_PATH', [
    `The environment variable COREBUF_BINARY must be the path of a binary of corebuf; received '${given}', and there is no such file.`,
    "Without the variable the package loads its own binary. The path is relative to the process's folder.",
  ]);
}

function ownBinary(): string {
  if (existsSync(builtBinary)) return builtBinary;
  const shipped = shippedBinaries();
  const here = `${process.platform}-${process.arch}`;
  const files = [...shipped].filter(([, { platform }]) => platform === here);
  // The libc is asked for only where there is a choice: the answer costs milliseconds.
  const libc = process.platform === 'linux' && files.length > 0 ? libcHere() : undefined;
  const found = files.find(([, file]) => file.libc === libc);
  if (found !== undefined) return found[0];
  throw noBinary(libc === undefined ? here : `${here} with ${libc}`, [...shipped.values()]);
}

interface Shipped {
  readonly platform: string;
  readonly libc: string | undefined;
}

/** By path. */
function shippedBinaries(): Map<string, Shipped> {
  const found = new Map<string, Shipped>();
  for (const platform of namesIn(prebuilds)) {
    for (const name of namesIn(join(prebuilds, platform))) {
      const [, libc] = /^corebuf(?:\.(\w+))?\.node$/.exec(name) ?? [];
      if (name.endsWith('.node')) found.set(join(prebuilds, platform, name), { platform, libc });
    }
  }
  return found;
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** As npm finds out: a Node for glibc names its version in the header of its report. Look-ups of the network would take seconds. */
function libcHere(): 'glibc' | 'musl' {
  const { report } = process as { report: { excludeNetwork?: boolean; getReport(): unknown } };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  } finally {
    if (before !== undefined) report.excludeNetwork = before;
  }
}

function noBinary(here: string, shipped: readonly Shipped[]): LoadError {
  const names = shipped.map(({ platform, libc }) => (libc === undefined ? platform : `${platform} with ${libc}`));
  return new LoadError('ERR_NO_BINARY', [
    `corebuf has no binary for ${here}; it has ${names.length === 0 ? 'none at all' : names.join(', ')}.`,
    `It looked for ${builtBinary} and into ${prebuilds}. From a checkout of the repository \`npm run setup\` builds one on Linux; it needs`,
    'a C++20 compiler, make, and cmake or python3. There is none for Windows: use WSL. If the package was installed on another system, install it here.',
  ]);
}

function loading<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    throw isForbidden(cause) ? forbidden(cause) : invalid(path, cause as Error);
  }
}

function isForbidden(error: unknown): boolean {
  return /^ERR_(DLOPEN_DISABLED|ACCESS_DENIED)$/.test(String((error as { code?: unknown }).code));
}

function forbidden(cause: unknown): LoadError {
  const permissions = 'permission' in process && process.permission !== undefined;
  return new LoadError(
    'ERR_ADDONS_FORBIDDEN',
    [
      `corebuf is a native addon, and ${permissions ? "Node's permission model" : '--no-addons'} forbids addons in this process.`,
      permissions
        ? 'Add --allow-addons to the options of node, --allow-fs-read for the folder of the package, and --allow-worker for ShardGroup.'
        : 'Start node without --no-addons (NODE_OPTIONS is a place to look, and `execArgv` of a worker).',
    ],
    cause,
  );
}

function invalid(path: string, cause: Error): LoadError {
  const advice = advices.find(([text]) => text.test(cause.message))?.[1];
  return new LoadError('ERR_BINARY_INVALID', [`corebuf's binary does not load: ${told(path, cause)}`, ...(advice === undefined ? [] : [advice])], cause);
}

/** The text of dlopen, with the path of the binary. */
function told(path: string, { message }: Error): string {
  return message.includes(path) ? message : `${path}: ${message}`;
}
