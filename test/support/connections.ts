// Both ends of a connection over loopback, in this thread.
import type { AddressInfo } from 'node:net';
import { Connection, Listener } from 'corebuf';
import type { ConnectionOptions } from 'corebuf';

const HOST = '127.0.0.1';
const opened: Connection[] = [];

export async function connectionPair(options: ConnectionOptions = {}): Promise<[near: Connection, far: Connection]> {
  await using listener = await Listener.open({ host: HOST, ...options });
  const { port } = listener.address as AddressInfo;
  const accepted = listener[Symbol.asyncIterator]().next();
  const near = await Connection.connect({ host: HOST, port, ...options });
  const far = (await accepted).value!;
  opened.push(near, far);
  return [near, far];
}

/** Register it before expectNothingLeaked(). */
export function destroyConnectionsAfterEach(): void {
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.destroy();
  });
}
