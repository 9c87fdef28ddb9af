// How a file is opened: node:fs's arguments, and O_DIRECT, which only flags that are numbers can name.
import { constants as fsConstants, open } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify, types } from 'node:util';
import { checkChoice, checkInteger, invalidRange, invalidType } from './checks.js';
import { CorebufError } from './errors.js';

const openFile = promisify(open);

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_EXCL, O_SYNC, O_APPEND } = fsConstants;
const O_DIRECT = (fsConstants as { O_DIRECT?: number }).O_DIRECT ?? 0;
const INT32_MAX = 2 ** 31 - 1;
const MODE_MAX = 0o7777;

/** node:fs turns letters into numbers only inside open(): the same table, but for O_APPEND. */
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  'wx+': O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT,
  ax: O_WRONLY | O_CREAT | O_EXCL,
  as: O_WRONLY | O_CREAT | O_SYNC,
  'a+': O_RDWR | O_CREAT,
  'ax+': O_RDWR | O_CREAT | O_EXCL,
  'as+': O_RDWR | O_CREAT | O_SYNC,
};
const ALSO: Readonly<Record<string, string>> = { sr: 'rs', 'sr+': 'rs+', xw: 'wx', 'xw+': 'wx+', xa: 'ax', 'xa+': 'ax+', sa: 'as', 'sa+': 'as+' };

/**
 * Flags as a number, without O_APPEND, with which Linux ignores the position of a write (here 'a' only means that what is there
 * stays), and without O_DIRECT, for which there is an option.
 */
export function flagsOf(flags: string | number): number {
  if (typeof flags === 'number') {
    checkInteger('flags', flags, 0, INT32_MAX);
    return flags & ~O_APPEND & ~O_DIRECT;
  }
  if (typeof flags !== 'string') throw invalidType('flags', 'a string or a number', flags);
  checkChoice('flags', flags, [...Object.keys(FLAGS), ...Object.keys(ALSO)]);
  return FLAGS[ALSO[flags] ?? flags]!;
}

/** Permissions: a number, or its octal digits. */
export function modeOf(name: string, mode: string | number): number {
  if (typeof mode === 'number') {
    checkInteger(name, mode, 0, MODE_MAX);
    return mode;
  }
  if (typeof mode !== 'string') throw invalidType(name, 'a number or a string of octal digits', mode);
  const bits = /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : -1;
  if (bits < 0 || bits > MODE_MAX) throw invalidRange(name, 'a string of octal digits up to 7777', mode);
  return bits;
}

/** What open() gets: bytes stay bytes, for names that are no text. */
export function pathOf(path: string | Buffer | URL): string | Buffer {
  if (typeof path === 'string') return path;
  if (types.isUint8Array(path)) return Buffer.from(path);
  if (path instanceof URL) return fileURLToPath(path);
  throw invalidType('path', 'a string, a Buffer or a file URL', path);
}

/** With O_DIRECT where it is wanted; file systems without it say EINVAL. */
export async function openDescriptor(path: string | Buffer, flags: number, mode: number, direct: string): Promise<number> {
  if (direct === 'off' || O_DIRECT === 0) return openFile(path, flags, mode);
  try {
    return await openFile(path, flags | O_DIRECT, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    if (direct === 'require') {
      const details = { errno: -22, syscall: 'open', path: String(path), cause: error };
      throw new CorebufError('ERR_IO', `EINVAL: this file system refuses direct I/O, open '${String(path)}'`, details);
    }
    // The refused open may have made the file already: what must be new was new.
    return openFile(path, flags & ~O_EXCL, mode);
  }
}
