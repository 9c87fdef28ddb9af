// A server of the suite `net`: net-server.js KIND MODE SIZE [PATH]. Prints its port, and for each line of its standard input the processor time it has
// taken, in microseconds, and the time in collections, in milliseconds. Ends with its input.
import { PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Asked } from '../net/asked.js';
import { handlers, listen as listenSockets } from '../net/serve-sockets.js';

const [kind = '', mode = '', size = '', path] = process.argv.slice(2);
const asked: Asked = { kind, mode, size: Number(size), path };

/** Loads no more than this kind of server needs. */
async function listen(): Promise<number> {
  if (kind === 'node') return listenSockets(asked, handlers(asked));
  if (kind === 'chains') return listenSockets(asked, (await import('../net/echo-chains.js')).echo);
  return (await import('../net/serve-connections.js')).listen(asked);
}

let collecting = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collecting += duration;
}).observe({ entryTypes: ['gc'] });

async function main(): Promise<void> {
  console.log(await listen());
  createInterface({ input: process.stdin })
    .on('line', () => {
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify({ processor: user + system, collecting }));
    })
    .on('close', () => process.exit());
}

void main();
