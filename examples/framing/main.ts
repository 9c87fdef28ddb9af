// A server and a client that exchange framed messages over loopback: incremental parsing, as docs/guides/parsing.md explains it.
//   node out/examples/framing/main.js --help
import { thisShard } from 'corebuf';
import { UsageError } from '../command-line.js';
import type { Net } from '../command-line.js';
import { exchange } from './client.js';
import type { Framing } from './frames.js';
import { help, parseOptions } from './options.js';
import { listen } from './server.js';

const PROGRESS_EVERY_MS = 1000;
const MEBIBYTE = 2 ** 20;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(help);
    return;
  }
  for (const framing of options.framings) await run(framing, options.net, options.messages);
  const { liveObjects } = thisShard.memory.stats();
  if (liveObjects > 0) throw new Error(`${liveObjects} objects were not released`);
  console.log('Every answer was right.');
}

async function run(framing: Framing, net: Net, messages: number): Promise<void> {
  const server = await listen(framing, net);
  const began = performance.now();
  let done = 0;
  let shown = began;
  const counted = (bytes: number): void => {
    done += bytes;
    const now = performance.now();
    if (now - shown < PROGRESS_EVERY_MS) return;
    shown = now;
    process.stderr.write(`${framing}: ${(done / MEBIBYTE).toFixed(0)} MiB so far\n`);
  };
  try {
    const bytes = await exchange(server.port, framing, messages, counted);
    const seconds = (performance.now() - began) / 1000;
    const rates = `${Math.round(messages / seconds)} messages/s, ${(bytes / MEBIBYTE / seconds).toFixed(0)} MiB/s`;
    const amount = `${messages} messages, ${(bytes / MEBIBYTE).toFixed(1)} MiB`;
    console.log(`${framing.padEnd(8)}${amount}, ${seconds.toFixed(2)} s: ${rates}`);
  } finally {
    await server.close();
  }
}

main().catch((error: unknown) => {
  console.error(`framing: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
