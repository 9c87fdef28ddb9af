// Shards that are ended while they serve connections. COREBUF_NET_TERMINATIONS=1000 for the long form.
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Connection, Listener, ShardGroup } from 'corebuf';
import type { GroupListenOptions } from 'corebuf';
import type { NetShard } from '../workers/net-shard';
import { expectNothingLeaked, workerModule } from '../support/shards';

expectNothingLeaked();

const TERMINATIONS = Number(process.env['COREBUF_NET_TERMINATIONS'] ?? 3);
const CLIENTS = 6;
const HOST = '127.0.0.1';

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Asks until it is told to stop, over a new connection whenever one has ended. Every answer must be its own. */
class Asker {
  readonly #port: number;
  readonly #name: string;
  readonly #done: Promise<void>;
  #goesOn = true;
  answers = 0;

  constructor(port: number, number: number) {
    this.#port = port;
    this.#name = `client-${number}-`.padEnd(3_000, String(number));
    this.#done = this.#run();
  }

  stop(): Promise<void> {
    this.#goesOn = false;
    return this.#done;
  }

  async #run(): Promise<void> {
    while (this.#goesOn) {
      const connection = await Connection.connect({ host: HOST, port: this.#port }).catch(() => undefined);
      if (connection === undefined) continue;
      try {
        await this.#talk(connection);
      } finally {
        connection.destroy();
      }
    }
  }

  async #talk(connection: Connection): Promise<void> {
    for (let count = 0; this.#goesOn; count++) {
      const line = `${this.#name}${count}\n`;
      const asked = connection.write(line).then(() => connection.readExactly(line.length));
      const answer = await asked.catch(() => undefined);
      if (answer === undefined) return;
      using mine = answer;
      if (mine.toString() !== line) throw new Error(`the answer to ${line} was ${mine.toString()}`);
      this.answers++;
    }
  }
}

const modes: [string, GroupListenOptions][] = [['shared port', {}], ['hand-over', { accept: 'handover' }]];

test.each(modes)('shards that end in traffic lose no descriptor, and mix up no bytes: %s', async (_, mode) => {
  // The first socket opens the poller of this thread, which stays.
  await (await Listener.open({ host: HOST })).close();
  const before = descriptors();
  const group = await ShardGroup.start<NetShard>(workerModule('net-shard'), { shards: 2, memory: '64MiB', pin: false });
  const listener = await group.listen({ host: HOST, ...mode });
  const { port } = listener.address as AddressInfo;
  const askers = Array.from({ length: CLIENTS }, (_, number) => new Asker(port, number));
  for (let ended = 0; ended < TERMINATIONS; ended++) {
    const answers = askers.reduce((sum, asker) => sum + asker.answers, 0);
    await group.restart(ended % 2);
    while (askers.reduce((sum, asker) => sum + asker.answers, 0) < answers + CLIENTS) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(askers.map((asker) => asker.stop()));
  await group.close();
  expect(descriptors()).toBe(before);
});
