// Clients of a broker with several shards.
import { describeTopic } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { startBroker } from '../clients/broker';

test('every shard serves its share of the clients', async () => {
  const broker = await startBroker({ shards: 3 });
  const clients = [];
  for (let at = 0; at < 9; at++) clients.push(await WireClient.to(broker));
  for (const client of clients) expect((await describeTopic(client, 'wanted', true)).errorCode).toBe(0);
  expect((await broker.stats()).map(({ net }) => net.connections)).toEqual([3, 3, 3]);
  for (const client of clients) client.close();
});
