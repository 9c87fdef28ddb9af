// A file that is read and written past the page cache, straight from and into slab memory.
import { close, fstat, ftruncate } from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import { promisify } from 'node:util';
import { native } from './native.js';
import type { OpenedFile } from './native.js';
import { onAbort } from './abort-waiters.js';
import { attachDefault } from './attachment.js';
import { checkBoolean, checkChoice, checkInteger, checkOptions, checkSignal, invalidType } from './checks.js';
import { flagsOf, modeOf, openDescriptor, pathOf } from './descriptor.js';
import { DmaBuffer, dmaHandle } from './dma-buffer.js';
import { checkFile, closed, ioError } from './errors.js';
import type { Handle } from './handle.js';
import { ioClassNumber } from './io-class.js';
import type { IoClass } from './io-class.js';
import { IoBuf, iobufFrom, iobufHandle } from './iobuf.js';
import { begin } from './operations.js';
import { attempt } from './pressure.js';
import { checkReadable, chunksOf, ReadAhead } from './read-ahead.js';
import type { FileReadableOptions } from './read-ahead.js';
import { ReadRanges } from './read-ranges.js';
import type { ReadManyOptions, ReadRange } from './read-ranges.js';

const closeFile = promisify(close);
const statFile = promisify(fstat);
const truncateFile = promisify(ftruncate);

export interface OpenOptions {
  /** Permissions of a file that is made; a string has octal digits. Default 0o666, less the umask. */
  mode?: number | string;
  /** 'prefer' (default): direct where the file system can, else buffered; 'require': ERR_IO where it cannot; 'off': buffered. */
  direct?: 'require' | 'prefer' | 'off';
  /** Default: what COREBUF_ENGINE says, else io_uring where the kernel allows it, else threads. */
  engine?: 'io_uring' | 'threads';
  /** Of reads and writes that name none. Default: 'default'. */
  class?: IoClass;
}

export interface FileOptions {
  /**
   * Ends the waiting; the promise is rejected with the signal's reason. What was begun is finished by the kernel all the same, so a write may
   * or may not have been made; its memory comes home by itself. Any number of operations may share a signal.
   */
  signal?: AbortSignal;
  /** Default: the file's. */
  class?: IoClass;
}

export interface FileWriteOptions extends FileOptions {
  /** Resolve when these bytes are durable. Default false. */
  durable?: boolean;
}

/** What an operation is told, checked. */
interface Asked {
  /** Not aborted yet. */
  readonly signal: AbortSignal | undefined;
  readonly ioClass: number;
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
  readonly #readers = new Set<ReadAhead>();
  readonly #class: number;
  #inFlight = 0;
  #closing: Promise<void> | undefined;
  #whenDone: (() => void) | undefined;

  private constructor(path: string, opened: OpenedFile, ioClass: number) {
    this.path = path;
    this.direct = opened.direct;
    this.engine = opened.engine;
    this.alignment = Object.freeze({ memory: opened.memory, offset: opened.offset, source: opened.source });
    this.#file = opened.file;
    this.#class = ioClass;
  }

  /**
   * Opens `path`, a string, a Buffer or a file URL, with flags as in node:fs ('r', 'r+', 'w', 'w+', 'a+', 'wx', 'rs', …, or a number
   * such as O_RDWR | O_CREAT; default 'r'). 'a' keeps what is there or makes the file; writes go where they are told, not to the end, also
   * with O_APPEND.
   *
   * @throws node:fs's own errors, such as ENOENT; ERR_IO (EINVAL) when direct I/O is required and refused.
   */
  static async open(path: string | Buffer | URL, flags: string | number = 'r', options: OpenOptions = {}): Promise<DmaFile> {
    const place = pathOf(path);
    const name = String(place);
    const bits = flagsOf(flags);
    checkOptions('options', options);
    const { mode = 0o666, direct = 'prefer', engine, class: named } = options;
    const permissions = modeOf('options.mode', mode);
    checkChoice('options.direct', direct, ['require', 'prefer', 'off']);
    checkChoice('options.engine', engine, ['io_uring', 'threads']);
    const ioClass = ioClassNumber('options.class', named);
    attachDefault();

    const fd = await openDescriptor(place, bits, permissions, direct);
    try {
      const opened = native.fileOpen(fd, ENGINES[engine ?? 'automatic']);
      if (typeof opened === 'number') {
        checkFile(opened, engine === undefined ? 'open' : `open engine ${engine}`, name);
        throw new Error('unreachable');
      }
      const file = new DmaFile(name, opened, ioClass);
      if (direct === 'require' && !file.direct) {
        await file.close();
        throw ioError(22, 'open', name);
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
   * What node:fs says of the open file, whatever has become of its name.
   *
   * @throws ERR_CLOSED, ERR_IO
   */
  async stat(options?: { bigint?: false }): Promise<Stats>;
  async stat(options: { bigint: true }): Promise<BigIntStats>;
  async stat(options: { bigint?: boolean }): Promise<Stats | BigIntStats>;
  async stat(options: { bigint?: boolean } = {}): Promise<Stats | BigIntStats> {
    checkOptions('options', options);
    const { bigint = false } = options;
    checkBoolean('options.bigint', bigint);
    return this.#byNode('fstat', (fd) => statFile(fd, { bigint }));
  }

  /**
   * The bytes from `position` on: `length`, or fewer where the file ends before. Any range: it is served by aligned reads into slab memory and
   * shared from there. The chain is the caller's to release.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO
   */
  read(position: number, length: number, options?: FileOptions): Promise<IoBuf> {
    // Not async: the promise around the promise would be a sixth of what a read costs in JavaScript.
    try {
      checkInteger('position', position);
      checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER - position);
      const asked = this.#asked(options);
      this.#checkOpen();
      return length === 0 ? Promise.resolve(new IoBuf()) : this.#read(position, length, asked);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The bytes of many ranges, which may overlap, in the order in which they were given: as read() would bring them, with fewer reads.
   * Neighbours are read together and share the memory, so what one of them refers to keeps all that came with it.
   *
   * @throws the first error of any read, and then nothing stays behind; ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO
   * @example
   * const blocks = await file.readMany([{ position: 8192, length: 100 }, { position: 0, length: 4096 }]);
   * for (const block of blocks) block.release();
   */
  async readMany(ranges: readonly ReadRange[], options: ReadManyOptions = {}): Promise<IoBuf[]> {
    checkOptions('options', options);
    const wanted = new ReadRanges(ranges, options);
    const asked = this.#asked(options);
    this.#checkOpen();
    return wanted.read((position, length) => this.#read(position, length, asked));
  }

  /**
   * The bytes from `start` on, chunk by chunk, each the caller's to release; reading goes on while they are worked on. How far ahead
   * depends on who waits for whom: a consumer that is faster than the disk gets up to `readAhead` bytes ahead of it, a slower one
   * a chunk. It ends where the file ended when the last chunk was read; what is appended later is not waited for.
   *
   * Leaving the loop, and return(), wait for what is under way and give it back; an aborted signal gives back at once, or as it arrives.
   * So does close(): a next() that waits then gets its chunk, later ones throw ERR_CLOSED. Who stops reading without any of these keeps what was
   * read ahead.
   *
   * @throws from next(): ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO, the signal's reason
   * @example
   * let bytes = 0;
   * for await (const chunk of file.readable({ start: 4096 })) {
   *   bytes += chunk.length;
   *   chunk.release();
   * }
   */
  readable(options: FileReadableOptions = {}): AsyncIterableIterator<IoBuf> {
    const block = this.alignment.offset;
    const checked = checkReadable(options, block);
    this.#checkOpen();
    const { signal } = checked;
    const asked = { signal, ioClass: ioClassNumber('options.class', options.class, this.#class) };
    const read = (position: number, length: number, urgent: boolean): Promise<IoBuf> => this.#read(position, length, asked, urgent);
    return chunksOf(new ReadAhead(read, checked, block), this.#readers, signal);
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
  async write(position: number, data: IoBuf | DmaBuffer, options?: FileWriteOptions): Promise<number> {
    checkInteger('position', position);
    const { signal, ioClass } = this.#asked(options);
    const { durable = false } = options ?? {};
    checkBoolean('options.durable', durable);
    if (!(data instanceof IoBuf) && !(data instanceof DmaBuffer)) throw invalidType('data', 'an IoBuf or a DmaBuffer', data);
    const handle = data instanceof IoBuf ? iobufHandle(data) : dmaHandle(data);
    const slot = handle.slot(data instanceof IoBuf ? 'IoBuf' : 'DmaBuffer');
    this.#checkOpen();
    const { length } = handle;
    if (length === 0) return 0;
    const flag = durable ? 1 : 0;
    await this.#run('write', signal, (number) => native.fileWrite(this.#file, position, slot, flag, number, ioClass), handle);
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
    await this.#byNode('ftruncate', (fd) => truncateFile(fd, size));
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
    for (const reader of this.#readers) reader.stop(closed('file'));
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#whenDone = resolve));
    native.fileClose(this.#file);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed('file');
  }

  /** @throws TypeError, the signal's reason. */
  #asked(options: FileOptions | undefined): Asked {
    if (options === undefined) return { signal: undefined, ioClass: this.#class };
    checkOptions('options', options);
    const { signal, class: named } = options;
    const ioClass = ioClassNumber('options.class', named, this.#class);
    checkSignal('options.signal', signal);
    signal?.throwIfAborted();
    return { signal, ioClass };
  }

  #read(position: number, length: number, { signal, ioClass }: Asked, urgent = true): Promise<IoBuf> {
    const start = (number: number): number => native.fileRead(this.#file, position, length, number, ioClass);
    return this.#run('read', signal, start, undefined, urgent) as Promise<IoBuf>;
  }

  /** By Node's own threads, for what is rare: io_uring can truncate since Linux 6.9 only. */
  async #byNode<T>(syscall: string, call: (fd: number) => Promise<T>): Promise<T> {
    this.#checkOpen();
    this.#inFlight++;
    try {
      return await call(native.fileDescriptor(this.#file));
    } catch (error) {
      throw ioError(-(error as { errno: number }).errno, syscall, this.path);
    } finally {
      this.#ended();
    }
  }

  /**
   * The operation, on the bytes of `data` if there are any, goes on in the kernel when a signal stops the waiting; its memory comes home when
   * it ends. It is in flight before it begins, because who is asked for memory may close the file. The signal comes last:
   * nothing of the caller's may run between his data being looked at and its being shared.
   */
  #run(syscall: string, signal: AbortSignal | undefined, start: (number: number) => number, data?: Handle, urgent = true): Promise<IoBuf | undefined> {
    return new Promise((resolve, reject) => {
      const reads = syscall === 'read';
      if (reads) signal?.throwIfAborted();
      // Last: the signal may be somebody's own, and close the file.
      this.#checkOpen();
      let waiting = true;
      let forget: (() => void) | undefined;
      const stop = (reason: unknown): void => {
        waiting = false;
        reject(reason);
      };
      const settle = (result: number, read: Handle | undefined): void => {
        forget?.();
        this.#ended();
        if (!waiting) read?.release();
        else if (result < 0) reject(ioError(-result, syscall, this.path));
        else resolve(read === undefined ? read : iobufFrom(read));
      };
      this.#start(() => begin({ reads, settle }, start), syscall, data, urgent);
      if (signal === undefined) return;
      try {
        if (signal.aborted) stop(signal.reason);
        else forget = onAbort(signal, stop);
      } catch (error) {
        stop(error);
      }
    });
  }

  #start(call: () => number, syscall: string, data: Handle | undefined, urgent: boolean): void {
    this.#inFlight++;
    try {
      checkFile(urgent ? attempt(call, ...(data === undefined ? [] : [data])) : call(), syscall, this.path);
    } catch (error) {
      this.#ended();
      throw error;
    }
  }

  #ended(): void {
    if (--this.#inFlight === 0) this.#whenDone?.();
  }
}
