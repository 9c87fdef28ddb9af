// A log server of several shards, and a client that fills it with real files and checks that it gets them back.
//   node out/examples/sharded-log/main.js --help
import { UsageError } from '../command-line.js';
import { filesOf } from './input.js';
import { help, parseOptions } from './options.js';
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
  const files = await filesOf(options.input);
  if (files.length === 0) throw new UsageError(`--input: there is no file in '${options.input}'`);

  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
  }
  try {
    const figures = await run(options, files, new Progress(), interrupt.signal);
    console.log(options.json ? JSON.stringify(figures) : `\n${report(figures)}\n`);
    const alive = [...figures.shards.map(({ liveObjects }) => liveObjects), figures.clientLiveObjects];
    if (alive.some((count) => count > 0)) throw new Error(`objects were not released: ${alive.join(', ')}`);
    if (!options.json) console.log('Every record came back from disk as it is in its file.');
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) console.error(`\n${(error as Error).message}`);
    else throw error;
    return INTERRUPTED;
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`sharded-log: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
