// The server of the suite `net` on connections of corebuf.
import type { Connection } from 'corebuf';
import { IoBuf, Listener } from 'corebuf';
import { Intake, partsOf } from './asked.js';
import type { Asked } from './asked.js';

const KIB = 1024;
const layout = { lengthBytes: 4, maxLength: 64 * KIB * KIB, keepLength: true } as const;

function serveInput(connection: Connection, { mode, size }: Asked, answer: IoBuf): void {
  const intake = new Intake(size);
  const handlers: Record<string, (input: IoBuf) => void> = {
    echo: (input) => void connection.post(input),
    framed: () => {
      for (const frame of connection.takeFrames(layout)) connection.post(frame);
    },
    ingest: (input) => {
      const ended = intake.ended(input.length);
      input.release();
      if (ended > 0) connection.post('x'.repeat(ended));
    },
    fetch: (input) => {
      for (let left = input.length; left > 0; left--) connection.post(answer.share());
      input.release();
    },
  };
  connection.onInput(handlers[mode]!);
}

async function serveIterating(connection: Connection): Promise<void> {
  for await (const chain of connection) connection.post(chain);
}

/** Returns the port; 0 for a path. */
export async function listen(asked: Asked): Promise<number> {
  const { kind, mode, size, path } = asked;
  const answer = new IoBuf();
  for (const part of mode === 'fetch' ? partsOf(size) : []) answer.take(IoBuf.from(part));
  const options = { backlog: 4096, highWater: Math.max(256 * KIB, 2 * size) };
  const listener = await Listener.open(path === undefined ? { host: '127.0.0.1', ...options } : { path, ...options });
  listener.on('connection', (connection) => {
    if (kind === 'input') serveInput(connection, asked, answer);
    else void serveIterating(connection).catch(() => undefined);
  });
  return typeof listener.address === 'string' ? 0 : listener.address.port;
}
