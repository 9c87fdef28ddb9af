// Opens files: checks the arguments of node:fs, adds O_DIRECT to the flags where there is one, and refuses kinds of files that have no positions.
import { constants as fsConstants, open } from 'node:fs';
import { open as openHandle, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName, promisify, types } from 'node:util';
import { channels } from '../base/channels.js';
import { constants, native } from '../native/binding.js';
import { checkChoice, checkInteger, invalidRange, invalidType } from '../base/arguments.js';
import { withCode } from '../base/error-code.js';
import { CorebufError } from '../base/errors.js';
import { EINVAL, EISDIR, ENXIO, ESPIPE } from './errno.js';
import { state } from './state.js';

const openFile = promisify(open);

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_EXCL, O_SYNC, O_APPEND } = fsConstants;
const O_DIRECT = (fsConstants as { O_DIRECT?: number }).O_DIRECT ?? 0;
const OPEN_DIRECT = constants.openDirect;
const INT32_MAX = 2 ** 31 - 1;
const MODE_MAX = 0o7777;

/** The flags of node:fs as numbers, without O_APPEND. Node has such a table, but does not export it. */
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
 * Checks flags and returns them as a number. O_APPEND is removed, because Linux would ignore the positions of writes; 'a' only means that the
 * file keeps its bytes. O_DIRECT is removed, because the option `direct` says it. @throws TypeError, RangeError
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

/** Checks permissions, a number or a string of octal digits, and returns them as a number. @throws TypeError, RangeError */
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

/** Checks a path for open(). A Buffer stays one, because a file name may be no valid text. @throws TypeError */
export function pathOf(path: string | Buffer | URL): string | Buffer {
  if (typeof path === 'string') return path;
  if (types.isUint8Array(path)) return Buffer.from(path);
  if (path instanceof URL) return fileURLToPath(path);
  throw invalidType('path', 'a string, a Buffer or a file URL', path);
}

/**
 * Opens a regular file or a device. Uses O_DIRECT unless `direct` is 'off' or the file system refuses it with EINVAL.
 *
 * @throws the errors of node:fs; EISDIR, ESPIPE and ENXIO for directories, FIFOs and sockets; ERR_IO when `direct` is 'require' and refused
 */
export async function openDescriptor(path: string | Buffer, flags: number, mode: number, direct: string): Promise<number> {
  await checkKind(path);
  if (direct === 'off' || OPEN_DIRECT === 0) return openFile(path, flags, mode);
  try {
    return await openFile(path, flags | OPEN_DIRECT, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    if (direct === 'require') {
      const details = { errno: -EINVAL, syscall: 'open', path: String(path), cause: error };
      throw new CorebufError('ERR_IO', `EINVAL: this file system refuses direct I/O, open '${String(path)}'`, details);
    }
    // The refused open may have created the file already, so O_EXCL must not be used again.
    return openFile(path, flags & ~O_EXCL, mode);
  }
}

async function checkKind(path: string | Buffer): Promise<void> {
  // When stat() fails, open() creates the file or reports the error. A FIFO is refused here, because open() would wait for its other end.
  const kind = await stat(path).catch(() => undefined);
  if (kind?.isDirectory() === true) throw unsuitable(EISDIR, 'a directory', path);
  if (kind?.isFIFO() === true) throw unsuitable(ESPIPE, 'a FIFO', path);
  if (kind?.isSocket() === true) throw unsuitable(ENXIO, 'a socket', path);
}

/** An error in the form of node:fs, for a kind of file that cannot be read at positions. */
function unsuitable(errno: number, kind: string, path: string | Buffer): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  const message = `${code}: path must name a regular file or a device; received ${kind}, open '${String(path)}'`;
  return withCode(new Error(message), code, { errno: -errno, syscall: 'open', path: String(path) });
}

/**
 * Publishes that a file which asked for no engine has the threads because io_uring cannot be used here. Only the first such file of a thread
 * is reported: the reason is the same for all that follow.
 */
export function reportFallback(path: string, engine: string): void {
  if (engine !== 'threads' || state.fallbackReported || !channels.engineFallback.hasSubscribers) return;
  const reason = native.machine().ioUringRefusal;
  if (reason === null) return;
  state.fallbackReported = true;
  channels.engineFallback.publish({ path, engine, reason });
}

/** Syncs the folder in which a file lies: only then is a new file found after a crash. */
export async function syncFolderOf(path: string | Buffer): Promise<void> {
  const real = await realpath(path, { encoding: 'buffer' });
  // Each byte of a name is one character of latin1, whatever the name's encoding.
  const folder = await openHandle(Buffer.from(dirname(real.toString('latin1')), 'latin1'), 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems cannot sync a folder.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    await folder.close();
  }
}
