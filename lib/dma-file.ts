// A file that is read and written past the page cache, straight from and into slab memory.
import { close, constants as fsConstants, ftruncate, open } from 'node:fs';
import { promisify } from 'node:util';
import { native } from './native.js';
import type { OpenedFile } from './native.js';
import { attachDefault } from './attachment.js';
import { checkBoolean, checkChoice, checkInteger, checkOptions, checkString, invalidType } from './checks.js';
import { DmaBuffer, dmaHandle } from './dma-buffer.js';
import { checkFile, closed, CorebufError, ioError } from './errors.js';
import type { Handle } from './handle.js';
import { IoBuf, iobufFrom, iobufHandle } from './iobuf.js';
import { begin } from './operations.js';
import { attempt } from './pressure.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);

export interface OpenOptions {
  /** Permissions of a file that is made. Default 0o666, less the umask. */
  mode?: number;
  /** 'prefer' (default): direct where the file system can, else buffered; 'require': ERR_IO where it cannot; 'off': buffered. */
  direct?: 'require' | 'prefer' | 'off';
  /** Default: what COREBUF_ENGINE says, else io_uring where the kernel allows it, else threads. */
  engine?: 'io_uring' | 'threads';
}

export interface FileWriteOptions {
  /** Stops the waiting, not the write. */
  signal?: AbortSignal;
  /** Resolve when these bytes are durable. Default false. */
  durable?: boolean;
}

const ENGINES = { automatic: 0, io_uring: 1, threads: 2 } as const;

/**
 * Positions and lengths are in bytes. Errors of the kernel are ERR_IO with errno, syscall and path; open() throws node:fs's own.
 *
 * @example
 * await using file = await DmaFile.open(path, 'w+');
 * using block = DmaBuffer.alloc(4096, { zero: true });
 * await file.write(0, block); // 4096
 * await file.datasync();
 */
export class DmaFile {
  readonly path: string;
  /** False where the file system refuses O_DIRECT, or `direct: 'off'` was asked for: then nothing needs to be aligned. */
  readonly direct: boolean;
  readonly engine: 'io_uring' | 'threads';
  /** What positions and lengths (offset) and addresses (memory) must be multiples of, and who said so. */
  readonly alignment: { memory: number; offset: number; source: string };
  readonly #file: number;
  #inFlight = 0;
  #closing: Promise<void> | undefined;
  #whenDone: (() => void) | undefined;

  private constructor(path: string, opened: OpenedFile) {
    this.path = path;
    this.direct = opened.direct;
    this.engine = opened.engine;
    this.alignment = Object.freeze({ memory: opened.memory, offset: opened.offset, source: opened.source });
    this.#file = opened.file;
  }

  /**
   * Opens `path` with flags as in node:fs ('r', 'r+', 'w', 'w+', 'a+', 'wx', …; default 'r'). 'a' keeps what is there or makes the
   * file; writes go where they are told, not to the end.
   *
   * @throws node:fs's own errors, such as ENOENT; ERR_IO (EINVAL) when direct I/O is required and refused.
   */
  static async open(path: string, flags = 'r', options: OpenOptions = {}): Promise<DmaFile> {
    checkString('path', path);
    checkString('flags', flags);
    checkOptions('options', options);
    const { mode = 0o666, direct = 'prefer', engine } = options;
    checkInteger('options.mode', mode, 0, 0o7777);
    checkChoice('options.direct', direct, ['require', 'prefer', 'off']);
    checkChoice('options.engine', engine, ['io_uring', 'threads']);
    attachDefault();

    const fd = await openDescriptor(path, flagsOf(flags), mode, direct);
    try {
      const opened = native.fileOpen(fd, ENGINES[engine ?? 'automatic']);
      if (typeof opened === 'number') {
        checkFile(opened, engine === undefined ? 'open' : `open engine ${engine}`, path);
        throw new Error('unreachable');
      }
      const file = new DmaFile(path, opened);
      if (direct === 'require' && !file.direct) {
        await file.close();
        throw ioError(22, 'open', path);
      }
      return file;
    } finally {
      await closeFile(fd);
    }
  }

  /** The size of the file as of now, in bytes. */
  async size(): Promise<number> {
    this.#checkOpen();
    return checkFile(native.fileSize(this.#file), 'fstat', this.path);
  }

  /**
   * The bytes from `position` on: `length`, or fewer where the file ends before. Any range: it is served by aligned reads into slab memory and
   * shared from there. The chain is the caller's to release.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO
   */
  async read(position: number, length: number, options?: { signal?: AbortSignal }): Promise<IoBuf> {
    checkInteger('position', position);
    checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER - position);
    this.#checkOpen();
    options?.signal?.throwIfAborted();
    if (length === 0) return new IoBuf();
    const data = await this.#run('read', options?.signal, (number) => native.fileRead(this.#file, position, length, number));
    return iobufFrom(data!);
  }

  /**
   * Writes all of `data` at `position` and resolves with its length. No byte is copied; the data stays the caller's, and alive until
   * the kernel is done with it even when it is released meanwhile. It must not be changed before.
   *
   * With `durable` it resolves when these bytes, and what is needed to read them back, survive a crash: one request (RWF_DSYNC) where
   * datasync() would be a second one. It says nothing of bytes that other writes wrote, nor of the name of a new file in its folder.
   *
   * @throws ERR_MISALIGNED when the file is direct and position, length or a fragment is not aligned; ERR_CLOSED, ERR_RELEASED,
   * ERR_OUT_OF_MEMORY, ERR_IO
   */
  async write(position: number, data: IoBuf | DmaBuffer, options: FileWriteOptions = {}): Promise<number> {
    checkInteger('position', position);
    checkOptions('options', options);
    const { signal, durable = false } = options;
    checkBoolean('options.durable', durable);
    if (!(data instanceof IoBuf) && !(data instanceof DmaBuffer)) throw invalidType('data', 'an IoBuf or a DmaBuffer', data);
    signal?.throwIfAborted();
    const handle = data instanceof IoBuf ? iobufHandle(data) : dmaHandle(data);
    const slot = handle.slot(data instanceof IoBuf ? 'IoBuf' : 'DmaBuffer');
    this.#checkOpen();
    const { length } = handle;
    if (length === 0) return 0;
    const flag = durable ? 1 : 0;
    await this.#run('write', signal, (number) => native.fileWrite(this.#file, position, slot, flag, number), handle);
    return length;
  }

  /** Resolves when everything that was written before the call is durable, with what is needed to read it back (fdatasync). */
  async datasync(): Promise<void> {
    this.#checkOpen();
    await this.#run('fdatasync', undefined, (number) => native.fileSync(this.#file, 1, number));
  }

  /** As datasync(), with all metadata (fsync). */
  async sync(): Promise<void> {
    this.#checkOpen();
    await this.#run('fsync', undefined, (number) => native.fileSync(this.#file, 0, number));
  }

  /**
   * Makes the file `size` bytes long: cuts what is behind, or grows by a hole that reads as zeros. Bytes of writes that are under way
   * may land behind the new end.
   *
   * @throws ERR_CLOSED, ERR_IO
   */
  async truncate(size: number): Promise<void> {
    checkInteger('size', size);
    this.#checkOpen();
    this.#inFlight++;
    try {
      // By Node's own threads: io_uring can do it since Linux 6.9 only, and it is rare.
      await truncateFile(native.fileDescriptor(this.#file), size);
    } catch (error) {
      throw ioError(-(error as { errno: number }).errno, 'ftruncate', this.path);
    } finally {
      this.#ended();
    }
  }

  /**
   * Has the file system find blocks for `length` bytes (at least 1) from `position` on, so that writing there cannot fail for want of
   * space, nor has to change the size: the file grows where the range ends behind it. What was not written reads as zeros.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY; ERR_IO: ENOSPC, and EOPNOTSUPP where the file system cannot.
   */
  async allocate(position: number, length: number): Promise<void> {
    await this.#space(position, length, 0);
  }

  /**
   * Gives the blocks of `length` bytes (at least 1) from `position` on back to the file system; the range then reads as zeros and the
   * size stays. Blocks that are only partly in the range are zeroed there.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY; ERR_IO: EOPNOTSUPP where the file system cannot.
   */
  async punch(position: number, length: number): Promise<void> {
    await this.#space(position, length, 1);
  }

  async #space(position: number, length: number, punch: number): Promise<void> {
    checkInteger('position', position);
    checkInteger('length', length, 1, Number.MAX_SAFE_INTEGER - position);
    this.#checkOpen();
    await this.#run('fallocate', undefined, (number) => native.fileSpace(this.#file, punch, position, length, number));
  }

  /** Waits for what is in flight, then closes. Later calls of other methods throw ERR_CLOSED; closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#whenDone = resolve));
    native.fileClose(this.#file);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed('file');
  }

  /** The operation goes on in the kernel when a signal stops the waiting; its memory comes home when it ends. */
  #run(syscall: string, signal: AbortSignal | undefined, start: (number: number) => number, ...about: Handle[]): Promise<Handle | undefined> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal!.reason as Error);
      const settle = (result: number, data: Handle | undefined): void => {
        signal?.removeEventListener('abort', abort);
        this.#ended();
        if (signal?.aborted === true) data?.release();
        if (result < 0) reject(ioError(-result, syscall, this.path));
        else resolve(data);
      };
      const begun = attempt(() => begin({ reads: syscall === 'read', settle }, start), ...about);
      checkFile(begun, syscall, this.path);
      this.#inFlight++;
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #ended(): void {
    if (--this.#inFlight === 0) this.#whenDone?.();
  }
}

/**
 * node:fs turns letters into numbers only inside open(): the same table, so that O_DIRECT can be added. Without O_APPEND, with
 * which Linux ignores the position of a write: here 'a' only means that what is there stays.
 */
function flagsOf(flags: string): number {
  const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_EXCL } = fsConstants;
  const known: Record<string, number> = {
    r: O_RDONLY,
    'r+': O_RDWR,
    w: O_WRONLY | O_CREAT | O_TRUNC,
    wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
    'w+': O_RDWR | O_CREAT | O_TRUNC,
    'wx+': O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
    a: O_WRONLY | O_CREAT,
    ax: O_WRONLY | O_CREAT | O_EXCL,
    'a+': O_RDWR | O_CREAT,
    'ax+': O_RDWR | O_CREAT | O_EXCL,
  };
  const found = known[flags];
  if (found === undefined) checkChoice('flags', flags, Object.keys(known));
  return found!;
}

/** With O_DIRECT where it is wanted; file systems without it say EINVAL. */
async function openDescriptor(path: string, flags: number, mode: number, direct: string): Promise<number> {
  const directFlag = (fsConstants as { O_DIRECT?: number }).O_DIRECT ?? 0;
  if (direct === 'off' || directFlag === 0) return openFile(path, flags, mode);
  try {
    return await openFile(path, flags | directFlag, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    if (direct === 'require') throw new CorebufError('ERR_IO', `EINVAL: this file system refuses direct I/O, open '${path}'`, { errno: -22, syscall: 'open', path, cause: error });
    // The refused open may have made the file already: what must be new was new.
    return openFile(path, flags & ~fsConstants.O_EXCL, mode);
  }
}
