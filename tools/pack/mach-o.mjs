// Reads what the check needs of a Mach-O file, the format of binaries for macOS (mach-o/loader.h, mach-o/nlist.h). Debian has no program for it.
import { readFileSync } from 'node:fs';

const MAGIC_64 = 0xfeedfacf;
const HEADER_SIZE = 32;
const SYMBOL_SIZE = 16;
const architectures = new Map([[0x01000007, 'x64'], [0x0100000c, 'arm64']]);
const commands = { symbols: 0x2, library: 0xc, signature: 0x1d, weakLibrary: 0x80000018, rpath: 0x8000001c, leastVersion: 0x24, buildVersion: 0x32 };

/**
 * `arch`, `least` version of macOS, `libraries` that it is linked with, `defined` and `undefined` symbols that others see, without the underscore that
 * C puts before them (an undefined one may be `weak`), whether it is `signed`, whether it has paths for libraries (`rpaths`).
 */
export function readMachO(path) {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== MAGIC_64) throw new Error(`${path} is no Mach-O file of 64 bits`);
  const found = { arch: architectures.get(file.readUInt32LE(4)), least: undefined, libraries: [], defined: [], undefined: [], signed: false, rpaths: false };
  let at = HEADER_SIZE;
  for (let count = file.readUInt32LE(16); count > 0; count--) {
    readCommand(file, at, found);
    at += file.readUInt32LE(at + 4);
  }
  return found;
}

function readCommand(file, at, found) {
  switch (file.readUInt32LE(at)) {
    case commands.symbols: return readSymbols(file, at, found);
    case commands.library:
    case commands.weakLibrary: return found.libraries.push(text(file, at + file.readUInt32LE(at + 8)));
    case commands.leastVersion: return (found.least = version(file.readUInt32LE(at + 8)));
    case commands.buildVersion: return (found.least = version(file.readUInt32LE(at + 12)));
    case commands.signature: return (found.signed = true);
    case commands.rpath: return (found.rpaths = true);
    default: return undefined; // Nothing that is asked for.
  }
}

function readSymbols(file, at, found) {
  const [symbols, count, names] = [8, 12, 16].map((offset) => file.readUInt32LE(at + offset));
  for (let index = 0; index < count; index++) {
    const symbol = symbols + index * SYMBOL_SIZE;
    const type = file.readUInt8(symbol + 4);
    const [isDebugging, isPrivate, isExternal] = [(type & 0xe0) !== 0, (type & 0x10) !== 0, (type & 0x01) !== 0];
    if (isDebugging || isPrivate || !isExternal) continue;
    const name = text(file, names + file.readUInt32LE(symbol)).replace(/^_/, '');
    if ((type & 0x0e) !== 0) found.defined.push(name);
    else found.undefined.push({ name, weak: (file.readUInt16LE(symbol + 6) & 0x40) !== 0 });
  }
}

function text(file, at) {
  return file.toString('utf8', at, file.indexOf(0, at));
}

/** 11.0 of 0x000b0000. */
function version(packed) {
  return `${packed >>> 16}.${(packed >>> 8) & 0xff}`;
}
