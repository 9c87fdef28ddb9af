// Clients that come while a broker starts.
import { Broker } from 'corebuf-broker';
import { metadata } from '../../protocol/layouts/cluster';
import { WireClient } from '../api/wire-client';
import { brokers, newFolder } from '../clients/broker';

test('a client that comes while the broker starts is told the right address', async () => {
  for (let starts = 0; starts < 2; starts++) {
    const probe = await Broker.start({ dir: newFolder(), memory: '64MiB' });
    const { address } = probe;
    await probe.close();
    const starting = Broker.start({ dir: newFolder(), memory: '64MiB', port: address.port });
    const client = await firstConnection(address);
    const request = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false, includeClusterAuthorizedOperations: false };
    const asked = client.call(metadata, 9, request);
    brokers.push(await starting);
    const answer = await asked;
    expect(answer.brokers).toMatchObject([address]);
    client.close();
  }
});

/** Tries again until somebody listens. */
async function firstConnection(address: Broker['address']): Promise<WireClient> {
  for (;;) {
    try {
      return await WireClient.to({ address } as Broker);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    }
  }
}
