// Everything that the logs of one shard share: memory for batches, places for open files, a clock, and the timer of retention.
import { thisShard } from 'corebuf';
import { BatchCache } from './batch-cache.js';
import { OpenFiles } from './open-files.js';
import { SegmentFiles } from './segment-files.js';
import type { RecoveryReport } from './recovery.js';

const MINUTE = 60 * 1000;

export interface LogStoreOptions {
  /** Bytes of batches that are kept in memory. Default: a quarter of the shard's memory. */
  readonly cacheBytes?: number;
  /** Files that may be open at the same time, at least 2. Default 256. */
  readonly openFiles?: number;
  /** Time in milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds between two rounds of retention; 0 for none. Default 5 minutes. */
  readonly retentionInterval?: number;
  /** Called when a log was opened, with what was found out. */
  readonly onRecovered?: (folder: string, report: RecoveryReport) => void;
  /** Called when a log cannot write, or retention fails. The log goes on when it can. */
  readonly onError?: (folder: string, error: unknown) => void;
}

/** A log that the timer of retention visits. */
export interface RetainedLog {
  readonly folder: string;
  applyRetention(): Promise<void>;
}

export class LogStore {
  readonly cache: BatchCache;
  readonly openFiles: OpenFiles;
  readonly files: SegmentFiles;
  readonly now: () => number;
  readonly onRecovered: (folder: string, report: RecoveryReport) => void;
  readonly onError: (folder: string, error: unknown) => void;
  readonly #logs = new Set<RetainedLog>();
  readonly #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(options: LogStoreOptions = {}) {
    const { cacheBytes = thisShard.memory.budget / 4, openFiles = 256, now = Date.now, retentionInterval = 5 * MINUTE } = options;
    this.cache = new BatchCache(cacheBytes);
    this.openFiles = new OpenFiles(openFiles);
    this.files = new SegmentFiles(this.openFiles);
    this.now = now;
    this.onRecovered = options.onRecovered ?? (() => undefined);
    this.onError = options.onError ?? (() => undefined);
    if (retentionInterval > 0) this.#timer = setInterval(() => void this.applyRetention(), retentionInterval).unref();
  }

  add(log: RetainedLog): void {
    this.#logs.add(log);
  }

  remove(log: RetainedLog): void {
    this.#logs.delete(log);
  }

  /** Removes what is too old or too much of all logs, one log after the other. */
  applyRetention(): Promise<void> {
    this.#round ??= this.#retain().finally(() => (this.#round = undefined));
    return this.#round;
  }

  /** The logs have been closed before. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
    this.cache.close();
  }

  async #retain(): Promise<void> {
    for (const log of [...this.#logs]) await log.applyRetention().catch((error: unknown) => this.onError(log.folder, error));
  }
}
