// The binaries that users get: each is for the system that its name says, and loads on the oldest that the package promises; others see only the
// symbols that Node asks for; it needs no symbol that is ours, and no path of the machine that built it is inside. Needs readelf.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { binaryOf, floors, nameOf, platforms } from '../platforms.mjs';
import { root } from '../tree.mjs';
import { readMachO } from './mach-o.mjs';
import { run } from './run.mjs';

const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const machines = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' };
/** Libraries that a binary may be linked with: the C library is there wherever Node is, and libstdc++ with glibc. */
const libraries = { glibc: /^(lib(c|m|pthread|stdc\+\+|gcc_s)\.so\.\d+|ld-linux-\S+)$/, musl: /^libc\.so$/, macOS: /^\/usr\/lib\/libSystem\.B\.dylib$/ };

export function wrongsOfBinaries(folder) {
  return platforms.flatMap((platform) => wrongsOfBinary(platform, join(folder, binaryOf(platform))).map((wrong) => `${nameOf(platform)}: ${wrong}`));
}

export function wrongsOfBinary(platform, path) {
  const wrongs = platform.platform === 'darwin' ? ofMachO(platform, path) : ofElf(platform, path);
  for (const place of [root, process.env.HOME]) {
    if (place !== undefined && place.length > 1 && readFileSync(path).includes(place)) wrongs.push(`it contains the path ${place}`);
  }
  return wrongs;
}

function ofElf({ arch, libc }, path) {
  const wrongs = [];
  const symbols = run('readelf', ['--dyn-syms', '--wide', path]).split('\n').map((line) => line.trim().split(/\s+/)).filter(([, , , , binding]) => /GLOBAL|WEAK|UNIQUE/.test(binding));
  const defined = symbols.filter((symbol) => symbol[6] !== 'UND').map((symbol) => symbol[7]);
  const missing = symbols.filter((symbol) => symbol[6] === 'UND').map((symbol) => symbol[7]);
  wrongs.push(...ofSymbols(defined, missing));
  const [header, entries] = [run('readelf', ['--file-header', path]), run('readelf', ['--dynamic', '--wide', path])];
  if (!header.includes(machines[arch])) wrongs.push(`it is not for ${machines[arch]}: ${/Machine:.*/.exec(header)}`);
  if (!/FLAGS_1.*\bNOW\b/.test(entries)) wrongs.push('it is not linked with -z now');
  if (!/FLAGS_1.*\bNODELETE\b/.test(entries)) wrongs.push('it is not linked with -z nodelete');
  if (/RPATH|RUNPATH/.test(entries)) wrongs.push('it has a path for libraries');
  wrongs.push(...ofLibraries([...entries.matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name), libraries[libc]));
  if (libc === 'glibc') wrongs.push(...ofVersions(missing));
  if (!missing.some((name) => /^memcpy(@|$)/.test(name))) wrongs.push("it brings a memcpy of its own, which is slower than the C library's");
  return wrongs;
}

function ofMachO({ arch }, path) {
  const found = readMachO(path);
  const wrongs = ofSymbols(found.defined, found.undefined.map(({ name }) => name));
  wrongs.push(...found.undefined.filter(({ name, weak }) => /^_ZNK?2v8/.test(name) && !weak).map(({ name }) => `it does not load where V8 lacks ${name}`));
  if (found.arch !== arch) wrongs.push(`it is for ${found.arch}`);
  if (found.least !== floors.macOS) wrongs.push(`it is for macOS ${found.least}, and not for ${floors.macOS}`);
  if (arch === 'arm64' && !found.signed) wrongs.push('it has no signature, without which macOS on arm64 loads nothing');
  if (found.rpaths) wrongs.push('it has a path for libraries');
  return [...wrongs, ...ofLibraries(found.libraries, libraries.macOS)];
}

/** A library may lack anything when it is linked: the linker cannot know what Node has. */
function ofSymbols(defined, missing) {
  const others = defined.filter((name) => !exported.includes(name));
  const wrongs = others.length === 0 ? [] : [`it exports ${others.join(', ')}`];
  wrongs.push(...exported.filter((name) => !defined.includes(name)).map((name) => `it does not export ${name}`));
  return [...wrongs, ...missing.filter((name) => name.includes('7corebuf')).map((name) => `it lacks ${name}, which is ours`)];
}

function ofLibraries(needed, allowed) {
  return needed.filter((name) => !allowed.test(name)).map((name) => `it needs the library ${name}`);
}

function ofVersions(missing) {
  return ['GLIBC', 'GLIBCXX'].flatMap((library) => {
    const needs = missing.flatMap((name) => new RegExp(`@${library}_([\\d.]+)`).exec(name)?.[1] ?? []).sort(byVersion);
    const most = needs.at(-1);
    return most !== undefined && byVersion(most, floors[library]) > 0 ? [`it needs ${library} ${most}, and may need ${floors[library]} at most`] : [];
  });
}

function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
