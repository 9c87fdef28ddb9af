// A shard that serves connections: each line is an order, and is answered with a line.
import type { Connection } from 'corebuf';
import { IoBuf, serve, stats, thisShard } from 'corebuf';

const NEWLINE = 10;
/** More than the kernel takes at once. */
const LARGE = 8_000_000;
let served = 0;

/** The next line; undefined at the end. */
async function lineOf(connection: Connection): Promise<string | undefined> {
  for (;;) {
    const end = connection.input.indexOf(NEWLINE);
    if (end >= 0) {
      using line = connection.input.takeFront(end + 1);
      return line.toString('utf8', 0, end);
    }
    if (!(await connection.more())) return undefined;
  }
}

/** As many chains of `size` bytes as there is memory for. */
function chainsOf(size: number): IoBuf[] {
  const chains: IoBuf[] = [];
  for (;;) {
    const chain = new IoBuf();
    try {
      chains.push(chain.append(Buffer.alloc(size)));
    } catch {
      chain.release();
      return chains;
    }
  }
}

/** False when the connection is served here no more. */
async function obey(connection: Connection, line: string): Promise<boolean> {
  const [order, argument = ''] = line.split(' ');
  switch (order) {
    case 'index':
      connection.post(`${thisShard.index}\n`);
      return true;
    case 'move':
      await connection.moveTo(Number(argument));
      return false;
    case 'move-early': {
      // The answer is ready when the connection is about to leave already.
      const place = connection.reserve();
      const moved = connection.moveTo(Number(argument));
      setImmediate(() => place.fill(`${'x'.repeat(LARGE)}\n`));
      await moved;
      return false;
    }
    case 'fail':
      throw argument === 'range' ? new RangeError('as it was told') : new Error('as it was told');
    case 'exit':
      return process.exit(1);
    default:
      connection.post(`${line}\n`);
      return true;
  }
}

export const netShard = serve({
  async connection(connection: Connection): Promise<void> {
    served++;
    for (let line = await lineOf(connection); line !== undefined; line = await lineOf(connection)) {
      if (!(await obey(connection, line))) return;
    }
    await connection.end();
  },
  served: () => served,
  connections: () => stats().net.connections,
  listeners: () => stats().net.listeners,
  /** Spends the whole budget, until a connection could not be accepted for want of it, and gives it back. */
  async starve(): Promise<void> {
    const { acceptFailures } = stats().net;
    const held = [60_000, 600, 10].flatMap(chainsOf);
    while (stats().net.acceptFailures === acceptFailures) await new Promise((resolve) => setImmediate(resolve));
    for (const chain of held) chain.release();
  },
  exit(): void {
    setImmediate(() => process.exit(1));
  },
});

export type NetShard = typeof netShard;
