// The open file below a DmaFile: its number in C++, and the operations that are under way on it. It does not refer to its DmaFile, so that a
// DmaFile that was not closed can be collected, and its file closed then.
import { onAbort } from '../base/abort.js';
import { closed, ioError } from '../base/errors.js';
import { checkFile } from '../native/results.js';
import type { Handle } from '../buffer/handle.js';
import { iobufFrom } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { native } from '../native/binding.js';
import { useShard } from '../shard/attach.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { InFlight } from './in-flight.js';
import { begin } from './pending-operations.js';

/** A reader that has read bytes ahead. close() of the file stops it. */
export interface FileReader {
  stop(error: unknown): void;
}

export class OpenFile {
  readonly path: string;
  readonly number: number;
  /** Readers that may have read ahead. */
  readonly readers = new Set<FileReader>();
  /** A file that was not closed loses no bytes when it is collected. */
  readonly bytesHeld = 0;
  readonly #inFlight = new InFlight();
  readonly #letShardGo = useShard();
  #closing: Promise<void> | undefined;

  constructor(path: string, number: number) {
    this.path = path;
    this.number = number;
  }

  get open(): boolean {
    return !this.closing;
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** Number of operations that are under way. */
  get inFlight(): number {
    return this.#inFlight.count;
  }

  /** @throws ERR_CLOSED */
  checkOpen(): void {
    if (this.closing) throw closed('file');
  }

  /** Length of the file or block device in bytes. One system call. @throws ERR_IO */
  length(): number {
    return checkFile(native.fileSize(this.number), 'fstat', this.path);
  }

  /** Takes the advisory lock, which lasts until the file is closed; false when another open file has it. @throws ERR_IO */
  tryLock(): boolean {
    return checkFile(native.fileLock(this.number), 'flock', this.path) === 1;
  }

  /**
   * Begins an operation. `start` makes the native call; `data` is the chain that the operation reads from. When the signal is aborted, the
   * promise is rejected at once and the operation goes on in the kernel; its memory is released when it ends. With `urgent`, `onPressure`
   * listeners are called when there is no memory.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO, ERR_MISALIGNED, the signal's reason
   */
  run(syscall: string, signal: AbortSignal | undefined, start: (number: number) => number, data?: Handle, urgent = true): Promise<IoBuf | undefined> {
    return new Promise((resolve, reject) => {
      const reads = syscall === 'read';
      if (reads) signal?.throwIfAborted();
      // Checked after throwIfAborted(), which may run code of the user that closes the file.
      this.checkOpen();
      let waiting = true;
      let forget: (() => void) | undefined;
      const stop = (reason: unknown): void => {
        waiting = false;
        reject(reason);
      };
      const settle = (result: number, read: Handle | undefined): void => {
        forget?.();
        this.#inFlight.end();
        if (!waiting) read?.release();
        else if (result < 0) reject(ioError(-result, syscall, this.path));
        else resolve(read === undefined ? read : iobufFrom(read));
      };
      this.#start(() => begin({ reads, settle }, start), syscall, data, urgent);
      if (signal === undefined) return;
      // The signal comes last, so that no code of the user runs between the check of the data and the reference to it.
      try {
        if (signal.aborted) stop(signal.reason);
        else forget = onAbort(signal, stop);
      } catch (error) {
        stop(error);
      }
    });
  }

  /** Calls node:fs with the descriptor. For rare operations: io_uring can truncate only since Linux 6.9. @throws ERR_CLOSED, ERR_IO */
  async callNode<T>(syscall: string, call: (fd: number) => Promise<T>): Promise<T> {
    this.checkOpen();
    this.#inFlight.begin();
    try {
      return await call(native.fileDescriptor(this.number));
    } catch (error) {
      throw ioError(-(error as { errno: number }).errno, syscall, this.path);
    } finally {
      this.#inFlight.end();
    }
  }

  /** Ends the readers, waits for the operations that are under way, and closes the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const reader of this.readers) reader.stop(closed('file'));
    await this.#inFlight.whenIdle();
    native.fileClose(this.number);
    this.#letShardGo();
  }

  #start(call: () => number, syscall: string, data: Handle | undefined, urgent: boolean): void {
    // Counted before it begins, because a pressure listener may close the file.
    this.#inFlight.begin();
    try {
      checkFile(urgent ? retryAfterReclaim(call, ...(data === undefined ? [] : [data])) : call(), syscall, this.path);
    } catch (error) {
      this.#inFlight.end();
      throw error;
    }
  }
}
