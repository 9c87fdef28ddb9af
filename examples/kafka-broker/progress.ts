// A bar on the terminal, on stderr, so that stdout holds the result alone. Where there is no terminal nothing is shown.
const WIDTH = 32;
const EVERY_MS = 100;

export class Progress {
  readonly #total: number;
  #acknowledged = 0;
  #compared = 0;
  #shown = 0;

  /** `total` bytes are to be acknowledged and compared. */
  constructor(total: number) {
    this.#total = total;
  }

  acknowledged(bytes: number): void {
    this.#acknowledged += bytes;
    this.#show();
  }

  compared(bytes: number): void {
    this.#compared += bytes;
    this.#show();
  }

  /** Removes the bar. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #show(): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#shown < EVERY_MS) return;
    this.#shown = now;
    const compared = this.#cells(this.#compared);
    const acknowledged = Math.max(this.#cells(this.#acknowledged), compared);
    const bar = '█'.repeat(compared) + '▒'.repeat(acknowledged - compared) + '·'.repeat(WIDTH - acknowledged);
    const counts = [this.#acknowledged, this.#compared, this.#total].map((bytes) => (bytes / 1e6).toFixed(0));
    process.stderr.write(`\r${bar} ${counts[0]} MB acknowledged, ${counts[1]} of ${counts[2]} MB compared\x1b[K`);
  }

  #cells(bytes: number): number {
    return Math.floor((WIDTH * bytes) / Math.max(this.#total, 1));
  }
}
