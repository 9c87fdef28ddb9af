// The broker of this repository in a process of its own; it keeps a quarter of its memory as cache. Arguments: folder, shards.
import { Broker } from 'corebuf-broker';
import { answerFigures } from './figures.js';

const [dir, shards] = process.argv.slice(2) as [string, string];

const began = performance.now();
void Broker.start({ dir, shards: Number(shards), partitions: 4, memory: '128MiB' }).then(({ address }) => {
  answerFigures({ ...address, tookMs: performance.now() - began });
});
