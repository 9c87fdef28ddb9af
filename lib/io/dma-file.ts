// Files that are read and written past the page cache (O_DIRECT), with slab memory as the source and the target.
import { close, fstat, ftruncate } from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import type { Readable } from 'node:stream';
import { inspect, promisify } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { defaultEngine } from '../base/environment.js';
import { checkBoolean, checkChoice, checkInteger, checkKnownOptions, checkSignal, illegalConstructor, invalidType } from '../base/arguments.js';
import { ioError } from '../base/errors.js';
import { checkFile } from '../native/results.js';
import { DmaBuffer, dmaHandle } from '../buffer/dma-buffer.js';
import { IoBuf, iobufHandle } from '../iobuf/iobuf.js';
import { constants, native } from '../native/binding.js';
import type { OpenedFile } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { checkAligned } from './alignment.js';
import { EINVAL } from './errno.js';
import { FileReadable, webStreamOf } from './file-stream.js';
import { forgotten } from './forgotten.js';
import { ioClassNumber } from './io-class.js';
import type { IoClass } from './io-class.js';
import { flagsOf, modeOf, openDescriptor, pathOf, reportFallback } from './open.js';
import { OpenFile } from './open-file.js';
import { checkChunks, chunksOf, ReadAhead } from './read-ahead.js';
import type { CheckedChunks, FileChunksOptions } from './read-ahead.js';
import { ReadRanges } from './read-ranges.js';
import type { ReadManyOptions, ReadRange } from './read-ranges.js';
import { uncloneable } from '../base/uncloneable.js';

const closeFile = promisify(close);
const statFile = promisify(fstat);
const truncateFile = promisify(ftruncate);

/** Options of DmaFile.open(). */
export interface OpenOptions {
  /** Permissions of a file that is created: a number, or a string of octal digits. Default 0o666, less the umask. */
  mode?: number | string;
  /**
   * Direct I/O (O_DIRECT on Linux, F_NOCACHE on macOS): 'prefer' (default) uses it where the file system supports it, 'require' throws ERR_IO
   * where it does not, 'off' never uses it.
   */
  direct?: 'require' | 'prefer' | 'off';
  /** Engine of the file. Default: the one that COREBUF_ENGINE names, else io_uring where the kernel allows it, else threads. */
  engine?: 'io_uring' | 'threads';
  /** I/O class of reads and writes without a `class` of their own. Default: ioClass('default'). */
  class?: IoClass;
}

/** Options of a read or write. */
export interface FileOptions {
  /**
   * Ends the waiting: the promise rejects with the signal's reason. The kernel completes an operation that has begun, so a write may or may
   * not have been made; its memory is released when the kernel is done. Any number of operations may share a signal.
   */
  signal?: AbortSignal;
  /** I/O class of the operation. Default: the class of the file. */
  class?: IoClass;
}

/** Options of DmaFile.write(). */
export interface FileWriteOptions extends FileOptions {
  /** With true, the promise resolves when the bytes of this write are durable. Default false. */
  durable?: boolean;
}

/** Default of `chunk` for streams, in bytes. */
const STREAM_CHUNK = 64 * 1024;
/** A read of at most so many bytes does not ask for the length of the file. Past the end of a file it wastes that memory, but only until it ends. */
const SMALL_READ = 128 * 1024;

/** Functions that read private fields of a DmaFile. */
const access = {} as { openFileOf(file: DmaFile): OpenFile };

interface CheckedOptions {
  /** A signal that was not aborted when the options were checked. */
  readonly signal: AbortSignal | undefined;
  readonly ioClass: number;
}

const OPEN_OPTIONS = ['mode', 'direct', 'engine', 'class'] as const;
const READ_OPTIONS = ['signal', 'class'] as const;
const WRITE_OPTIONS = [...READ_OPTIONS, 'durable'] as const;
const READ_MANY_OPTIONS = [...READ_OPTIONS, 'mergeGap', 'mergeLimit'] as const;
const ENGINES = { automatic: constants.engineAutomatic, io_uring: constants.engineIoUring, threads: constants.engineThreads } as const;

/**
 * An open file. Reads and writes bypass the page cache where the file system supports O_DIRECT, and copy no byte. Positions and lengths are in
 * bytes. An error of the kernel is ERR_IO with `errno`, `syscall` and `path`. Close the file, or declare it with `await using`.
 *
 * @example
 * await using file = await DmaFile.open(path, 'w+');
 * using block = DmaBuffer.alloc(4096, { zero: true });
 * await file.write(0, block); // 4096
 * await file.datasync();
 */
export class DmaFile {
  /** @internal */ readonly uncloneable = uncloneable('DmaFile', 'open file.path in the other thread');
  /** Path that the file was opened with. */
  readonly path: string;
  /** Whether I/O is direct. If not, the system or the file system has no direct I/O or `direct` was 'off', and no alignment is needed. */
  readonly direct: boolean;
  /** Engine that reads and writes the file. */
  readonly engine: 'io_uring' | 'threads';
  /** Alignment that writes need; 1 byte where `direct` is false. */
  readonly alignment: {
    /** Alignment of memory, in bytes. */
    memory: number;
    /** Alignment of positions and lengths, in bytes. */
    offset: number;
    /** Source of these numbers: the kernel, or a default. */
    source: string;
  };
  readonly #file: OpenFile;
  readonly #class: number;

  private constructor(path: string, opened: OpenedFile, ioClass: number) {
    if (typeof (opened as OpenedFile | undefined)?.file !== 'number') throw illegalConstructor('DmaFile', 'DmaFile.open(path)');
    this.path = path;
    ({ direct: this.direct, engine: this.engine } = opened);
    this.alignment = Object.freeze({ memory: opened.memory, offset: opened.offset, source: opened.source });
    this.#file = new OpenFile(path, opened.file);
    this.#class = ioClass;
    forgotten.watch(this, 'DmaFile', this.#file);
  }

  /**
   * Opens the file at `path` with the flags of node:fs ('r', 'r+', 'w', 'w+', 'a+', 'wx', 'rs', …, or a number such as O_RDWR | O_CREAT; default
   * 'r'). 'a' and O_APPEND create the file or keep its bytes, but a write goes to the position that it names, not to the end.
   *
   * @throws the errors of node:fs, such as ENOENT; ERR_IO (EINVAL) when `direct: 'require'` is refused; ERR_OUT_OF_MEMORY; TypeError, RangeError
   */
  static async open(path: string | Buffer | URL, flags: string | number = 'r', options: OpenOptions = {}): Promise<DmaFile> {
    const place = pathOf(path);
    const name = String(place);
    const bits = flagsOf(flags);
    checkKnownOptions('options', options, OPEN_OPTIONS);
    const { mode = 0o666, direct = 'prefer', engine, class: named } = options;
    const permissions = modeOf('options.mode', mode);
    checkChoice('options.direct', direct, ['require', 'prefer', 'off']);
    checkChoice('options.engine', engine, ['io_uring', 'threads']);
    const ioClass = ioClassNumber('options.class', named);
    attachDefault();

    const fd = await openDescriptor(place, bits, permissions, direct);
    try {
      attachDefault();
      const opened = native.fileOpen(fd, ENGINES[engine ?? defaultEngine], direct === 'off' ? 0 : 1);
      if (typeof opened === 'number') {
        checkFile(opened, engine === undefined ? 'open' : `open engine ${engine}`, name);
        throw new Error('unreachable');
      }
      if (engine === undefined) reportFallback(name, opened.engine);
      const file = new DmaFile(name, opened, ioClass);
      if (direct === 'require' && !file.direct) {
        await file.close();
        throw ioError(EINVAL, 'open', name);
      }
      return file;
    } finally {
      await closeFile(fd);
    }
  }

  /** Resolves with the present size of the file in bytes. One system call. @throws ERR_CLOSED, ERR_IO */
  async size(): Promise<number> {
    this.#file.checkOpen();
    return this.#file.length();
  }

  /**
   * Resolves with the Stats of the open file, as fs.fstat() does, also after the file was renamed or removed.
   *
   * @throws ERR_CLOSED, ERR_IO, TypeError
   */
  async stat(options?: { bigint?: false }): Promise<Stats>;
  async stat(options: { bigint: true }): Promise<BigIntStats>;
  async stat(options: { bigint?: boolean }): Promise<Stats | BigIntStats>;
  async stat(options: { bigint?: boolean } = {}): Promise<Stats | BigIntStats> {
    checkKnownOptions('options', options, ['bigint']);
    const { bigint = false } = options;
    checkBoolean('options.bigint', bigint);
    return this.#file.callNode('fstat', (fd) => statFile(fd, { bigint }));
  }

  /**
   * Reads `length` bytes from `position` on, or fewer where the file ends before. Neither needs to be aligned: the blocks around the range are
   * read into slab memory, and the chain refers to the range; nothing is copied. The caller releases the chain.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO, TypeError, RangeError; the signal's reason
   */
  read(position: number, length: number, options?: FileOptions): Promise<IoBuf> {
    // Not an async function: its promise around the promise would take a sixth of the JavaScript time of a read.
    try {
      checkInteger('position', position);
      checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER - position);
      const checked = this.#checkedOptions(options);
      this.#file.checkOpen();
      return length === 0 ? Promise.resolve(new IoBuf()) : this.#read(position, length, checked);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads many ranges, which may overlap, and resolves with a chain for each, in the order of `ranges`. Ranges that lie close together are read
   * at once and refer to the same memory, which stays in use until all chains of that read are released. The caller releases the chains.
   *
   * @throws the first error of a read, after all bytes have been released; ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO, TypeError, RangeError
   * @example
   * const blocks = await file.readMany([{ position: 8192, length: 100 }, { position: 0, length: 4096 }]);
   * for (const block of blocks) block.release();
   */
  async readMany(ranges: readonly ReadRange[], options: ReadManyOptions = {}): Promise<IoBuf[]> {
    checkKnownOptions('options', options, READ_MANY_OPTIONS);
    const wanted = new ReadRanges(ranges, options);
    const checked = this.#checkedOptions(options, READ_MANY_OPTIONS);
    this.#file.checkOpen();
    return wanted.read((position, length) => this.#read(position, length, checked));
  }

  /**
   * Iterates over the bytes from `start` on in chunks, and reads ahead: one chunk for a consumer that is slower than the disk, up to `readAhead`
   * bytes for a faster one. The caller releases each chunk. The iteration ends where the file ends when its last chunk is read.
   *
   * Leaving the loop waits for the reads that are under way and releases their bytes. An aborted signal, and close(), release all bytes that
   * were read ahead; after close(), a pending next() still gets its chunk, and later ones throw ERR_CLOSED. An iteration that is neither
   * finished nor left keeps the bytes that were read ahead.
   *
   * @throws ERR_CLOSED, TypeError, RangeError; from next(): ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO, the signal's reason
   * @example
   * let bytes = 0;
   * for await (const chunk of file.chunks({ start: 4096 })) {
   *   bytes += chunk.length;
   *   chunk.release();
   * }
   */
  chunks(options: FileChunksOptions = {}): AsyncIterableIterator<IoBuf> {
    const range = checkChunks(options, this.alignment.offset);
    this.#file.checkOpen();
    return this.#chunks(range, options.class);
  }

  /**
   * Creates a Readable of the bytes from `start` on, with the options of chunks(). `chunk` (default 64 KiB) is also its highWaterMark. Each byte is
   * copied once, out of slab memory, so a consumer may keep the Buffers. Destroying the stream releases the bytes that were read ahead. The file
   * stays open.
   *
   * @throws ERR_CLOSED, TypeError, RangeError. An error of a read destroys the stream.
   * @example
   * await pipeline(file.stream({ start: 4096 }), socket);
   */
  stream(options: FileChunksOptions = {}): Readable {
    const range = checkChunks(options, this.alignment.offset, STREAM_CHUNK);
    this.#file.checkOpen();
    return new FileReadable(this.#chunks(range, options.class), range.chunk);
  }

  /**
   * Creates a web stream of the bytes from `start` on, with the options of stream(). Each byte is copied once, into JavaScript's memory or into the
   * buffer of a BYOB reader. Cancelling the stream releases the bytes that were read ahead. The file stays open.
   *
   * @throws ERR_CLOSED, TypeError, RangeError. An error of a read errors the stream.
   * @example
   * const text = await new Response(file.toWeb()).text();
   */
  toWeb(options: FileChunksOptions = {}): ReadableStream<Uint8Array> {
    const range = checkChunks(options, this.alignment.offset, STREAM_CHUNK);
    this.#file.checkOpen();
    return webStreamOf(this.#chunks(range, options.class));
  }

  /**
   * Writes all bytes of `data` at `position` and resolves with their number. No byte is copied. The caller may release `data` at once: its memory
   * stays valid until the kernel is done. The bytes must not be changed before the promise settles.
   *
   * With `durable`, the promise resolves when these bytes and the metadata to read them back survive a crash. That is one request (RWF_DSYNC),
   * where write() and datasync() are two. It covers neither the bytes of other writes nor the name of a new file in its folder.
   *
   * @throws ERR_MISALIGNED when `direct` is true and the position, the length or a fragment is not a multiple of `alignment`; ERR_CLOSED,
   * ERR_RELEASED, ERR_OUT_OF_MEMORY, ERR_IO, TypeError, RangeError; the signal's reason
   */
  async write(position: number, data: IoBuf | DmaBuffer, options?: FileWriteOptions): Promise<number> {
    checkInteger('position', position);
    const { signal, ioClass } = this.#checkedOptions(options, WRITE_OPTIONS);
    const { durable = false } = options ?? {};
    checkBoolean('options.durable', durable);
    if (!(data instanceof IoBuf) && !(data instanceof DmaBuffer)) throw invalidType('data', 'an IoBuf or a DmaBuffer', data);
    const handle = data instanceof IoBuf ? iobufHandle(data) : dmaHandle(data);
    const slot = handle.slot(data instanceof IoBuf ? 'IoBuf' : 'DmaBuffer');
    this.#file.checkOpen();
    const { length } = handle;
    if (length === 0) return 0;
    checkAligned(this.path, this.alignment.offset, position, length);
    handle.endWatch('a write to a file');
    await this.#file.run('write', signal, (number) => native.fileWrite(this.#file.number, position, slot, durable ? 1 : 0, number, ioClass), handle);
    return length;
  }

  /** Resolves when all bytes written before the call are durable, with the metadata to read them back (fdatasync). @throws ERR_CLOSED, ERR_IO */
  async datasync(): Promise<void> {
    this.#file.checkOpen();
    await this.#file.run('fdatasync', undefined, (number) => native.fileSync(this.#file.number, 1, number));
  }

  /** As datasync(), with all metadata, such as times (fsync). @throws ERR_CLOSED, ERR_IO */
  async sync(): Promise<void> {
    this.#file.checkOpen();
    await this.#file.run('fsync', undefined, (number) => native.fileSync(this.#file.number, 0, number));
  }

  /**
   * Sets the length of the file to `size` bytes. Bytes behind it are removed; a file that grows reads as zeros there. A write that is under way may
   * make the file longer again.
   *
   * @throws ERR_CLOSED, ERR_IO, TypeError, RangeError
   */
  async truncate(size: number): Promise<void> {
    checkInteger('size', size);
    await this.#file.callNode('ftruncate', (fd) => truncateFile(fd, size));
  }

  /**
   * Allocates blocks of the file system for `length` bytes (at least 1) from `position` on, so that a write there cannot fail with ENOSPC. The file
   * grows when the range ends behind its end. Bytes that were never written read as zeros.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, TypeError, RangeError; ERR_IO: ENOSPC, or EOPNOTSUPP where the file system has no fallocate
   */
  async allocate(position: number, length: number): Promise<void> {
    await this.#space(position, length, 0);
  }

  /**
   * Frees the blocks of `length` bytes (at least 1) from `position` on. The range then reads as zeros, also in blocks that are only partly in it; the
   * size of the file stays.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, TypeError, RangeError; ERR_IO: EOPNOTSUPP where the file system cannot punch holes
   */
  async punch(position: number, length: number): Promise<void> {
    await this.#space(position, length, 1);
  }

  async #space(position: number, length: number, punch: number): Promise<void> {
    checkInteger('position', position);
    checkInteger('length', length, 1, Number.MAX_SAFE_INTEGER - position);
    this.#file.checkOpen();
    await this.#file.run('fallocate', undefined, (number) => native.fileSpace(this.#file.number, punch, position, length, number));
  }

  /** Waits for the operations that are under way, then closes the file. Afterwards other methods throw ERR_CLOSED; another close() does nothing. */
  close(): Promise<void> {
    forgotten.unwatch(this.#file);
    return this.#file.close();
  }

  /** Calls close(), at the end of the block of an `await using` declaration. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Text for console.log(): path, state, engine, alignment, and the number of operations under way. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[DmaFile]', 'special');
    const { path, direct, engine, alignment } = this;
    const state = this.#file.closing ? 'closed' : 'open';
    return `DmaFile ${inspect({ path, state, direct, engine, alignment, inFlight: this.#file.inFlight }, { ...options, depth })}`;
  }

  static {
    access.openFileOf = (file) => file.#file;
  }

  /** @throws TypeError, the signal's reason. */
  #checkedOptions(options: FileOptions | undefined, known: readonly string[] = READ_OPTIONS): CheckedOptions {
    if (options === undefined) return { signal: undefined, ioClass: this.#class };
    checkKnownOptions('options', options, known);
    const { signal, class: named } = options;
    const ioClass = ioClassNumber('options.class', named, this.#class);
    checkSignal('options.signal', signal);
    signal?.throwIfAborted();
    return { signal, ioClass };
  }

  #read(position: number, length: number, { signal, ioClass }: CheckedOptions, urgent = true): Promise<IoBuf> {
    const wanted = length <= SMALL_READ ? length : this.#lengthToRead(position, length);
    const start = (number: number): number => native.fileRead(this.#file.number, position, wanted, number, ioClass);
    return this.#file.run('read', signal, start, undefined, urgent) as Promise<IoBuf>;
  }

  /** Number of bytes to ask for, at most those that the file has. At least SMALL_READ, because files of /proc have bytes but report a size of 0. */
  #lengthToRead(position: number, length: number): number {
    return this.#file.closing ? length : Math.min(length, Math.max(this.#file.length() - position, SMALL_READ));
  }

  #chunks(range: CheckedChunks, named: IoClass | undefined): AsyncIterableIterator<IoBuf> {
    const { signal } = range;
    const checked = { signal, ioClass: ioClassNumber('options.class', named, this.#class) };
    // The reader refers to this object, so the file is not collected and closed while it is read.
    const read = (position: number, length: number, urgent: boolean): Promise<IoBuf> => this.#read(position, length, checked, urgent);
    return chunksOf(new ReadAhead(read, range, this.alignment.offset), this.#file, signal);
  }
}

/** The file below a DmaFile, for the layers above. */
export function openFileOf(file: DmaFile): OpenFile {
  return access.openFileOf(file);
}
