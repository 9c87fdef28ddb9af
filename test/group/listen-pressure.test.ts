// Shards that have spent their budget while clients connect.
import { Connection } from 'corebuf';
import type { NetShard } from '../workers/net-shard';
import { testWhere } from '../support/features';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

const HOST = '127.0.0.1';

expectNothingLeaked();

testWhere('sharedPorts', 'shards without memory for a connection live on, and accept when there is some', async () => {
  const group = await startGroup<NetShard>(workerModule('net-shard'), { memory: '2MiB' });
  const listener = await group.listen({ host: HOST, accept: 'reuseport' });
  const { port } = listener.address as { port: number };
  let starved = false;
  const fed = group.all.starve().finally(() => (starved = true));
  const clients: Connection[] = [];
  const connect = async (): Promise<boolean> => {
    clients.push(await Connection.connect({ host: HOST, port }));
    return starved;
  };
  await Promise.all([fed, until(connect, () => 'a shard has no connection that it cannot accept')]);
  await until(async () => (await group.all.served()).reduce((sum, count) => sum + count) === clients.length, () => 'all are served');
  for (const client of clients) client.destroy();
});
