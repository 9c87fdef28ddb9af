// The process of the broker, which the demo starts and kills. Settings are in argv as JSON, and the port of the inspector behind them; it sends its
// address, and counters when asked. The inspector lives here, because it shows the shards of its own process.
import { inspect } from 'corebuf/inspector';
import { Broker } from 'corebuf-broker';
import type { Address, BrokerOptions, BrokerShardStats } from 'corebuf-broker';
import { stepForward } from './priority.js';

export interface ServerStats {
  readonly stats: BrokerShardStats[];
  /** Bytes of memory of the process. */
  readonly rss: number;
  /** Whether it gets a processor before its clients. */
  readonly hasPrecedence: boolean;
}

export type FromServer =
  | { readonly address: Address; readonly inspector: string | undefined }
  | ServerStats
  | { readonly error: string };

async function main(): Promise<void> {
  const hasPrecedence = stepForward();
  const broker = await Broker.start(JSON.parse(process.argv[2]!) as BrokerOptions);
  const port = process.argv[3];
  const inspector = port === undefined ? undefined : (await inspect({ port: Number(port) })).url;
  send({ address: broker.address, inspector });
  process.on('message', () => void broker.stats().then((stats) => send({ stats, rss: process.memoryUsage.rss(), hasPrecedence })));
  process.once('disconnect', () => void broker.close());
}

function send(message: FromServer): void {
  process.send!(message);
}

main().catch((error: unknown) => {
  send({ error: error instanceof Error ? error.message : String(error) });
  process.disconnect();
  process.exitCode = 1;
});
