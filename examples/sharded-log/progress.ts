// How far a phase is: one line that is written over on a terminal, a line now and then elsewhere. On stderr, so that
// stdout holds the result alone.
import { megabytes } from './report.js';

const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 2000;

export class Progress {
  #phase = '';
  #total = 0;
  #done = 0;
  #began = 0;
  #shown = 0;

  begin(phase: string, total: number): void {
    this.#phase = phase;
    this.#total = total;
    this.#done = 0;
    this.#began = this.#shown = performance.now();
  }

  /** `bytes` more are done. */
  readonly counted = (bytes: number): void => {
    this.#done += bytes;
    const now = performance.now();
    if (now - this.#shown < (process.stderr.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS)) return;
    this.#shown = now;
    this.#show(now);
  };

  /** Ends the phase; returns how many seconds it took. */
  end(): number {
    const now = performance.now();
    this.#show(now);
    if (process.stderr.isTTY) process.stderr.write('\n');
    return (now - this.#began) / 1000;
  }

  #show(now: number): void {
    const rate = this.#done / Math.max(now - this.#began, 1) / 1000;
    const line = `${this.#phase}: ${megabytes(this.#done)} of ${megabytes(this.#total)}, ${rate.toFixed(0)} MB/s`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  }
}
