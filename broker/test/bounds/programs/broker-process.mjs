// A broker in a process of its own, with the options in the first argument as JSON. It sends its address, and figures of itself when asked; it
// closes the broker when the channel ends.
import { readdirSync } from 'node:fs';
import { Broker } from 'corebuf-broker';

const broker = await Broker.start(JSON.parse(process.argv[2]));
process.send({ address: broker.address });
process.on('message', async () => {
  const shards = await broker.stats();
  process.send({ rss: process.memoryUsage.rss(), descriptors: readdirSync('/proc/self/fd').length, shards });
});
process.once('disconnect', () => void broker.close());
