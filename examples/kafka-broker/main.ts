// A broker that speaks the Kafka API, clients of two libraries, and a SIGKILL: nothing is lost, doubled or out of order.
//   node out/examples/kafka-broker/main.js --help
import { UsageError } from '../command-line.js';
import { readInput } from './input.js';
import { help, parseOptions } from './options.js';
import { stepBack } from './priority.js';
import { Progress } from './progress.js';
import { report } from './report.js';
import { run } from './run.js';

/** As shells report what a signal ended. */
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(help);
    return 0;
  }
  stepBack();
  const files = await readInput(options.input, options.partitions, options.bytes);
  if (files.length === 0) throw new UsageError(`--input: there is no text file in '${options.input}'`);

  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
  }
  const progress = new Progress(files.reduce((sum, { bytes }) => sum + bytes, 0));
  try {
    const figures = await run(options, files, progress, interrupt.signal);
    progress.end();
    console.log(options.json ? JSON.stringify(figures) : `\n${report(figures)}\n\nEvery record came once and in order, through SIGKILL and restart.`);
    return 0;
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted) throw error;
    console.error((error as Error).message);
    return INTERRUPTED;
  }
}

// After a failure clients may try for long to reach a broker that is gone: the process ends all the same.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`kafka-broker: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
