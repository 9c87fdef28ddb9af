// The process of a broker tells the benchmark its address once, and its processor time and memory when asked. It ends with the channel.
export interface ServerFigures {
  /** Microseconds of processor time so far. */
  readonly cpu: number;
  /** Bytes of memory. */
  readonly rss: number;
}

export function answerFigures(address: { host: string; port: number }): void {
  process.send!(address);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpu: user + system, rss: process.memoryUsage.rss() } satisfies ServerFigures);
  });
  process.once('disconnect', () => process.exit());
}
