// The process of a broker tells the benchmark its address once, and its processor time and memory when asked. It ends with the channel.
export interface ServerFigures {
  /** Microseconds of processor time so far. */
  readonly cpu: number;
  /** Bytes of memory. */
  readonly rss: number;
}

/** What the process tells first. */
export interface Started {
  readonly host: string;
  readonly port: number;
  /** Milliseconds that the program took from its wish for a broker to the address. */
  readonly tookMs: number;
}

export function answerFigures(started: Started): void {
  process.send!(started);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpu: user + system, rss: process.memoryUsage.rss() } satisfies ServerFigures);
  });
  process.once('disconnect', () => process.exit());
}
