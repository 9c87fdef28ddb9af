// The checksum of each file, made on two shards. A shard reads the memory that the disk has written; only the numbers of a call are copied.
//
//   node checksums.mjs [file ...]       without a file, of this one
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { DmaFile, serve, ShardGroup, stats } from 'corebuf';

const PART = 1024 * 1024;
const SHARDS = 2;

/** The shards load this module, too, and serve this. A chain that comes with a call belongs to the method. */
export const checksums = serve({
  crc32c(chain, before) {
    const crc = chain.crc32c(before);
    chain.release();
    return crc;
  },
});

async function checksumOf(path, shard) {
  const file = await DmaFile.open(path);
  try {
    const size = await file.size();
    let crc = 0;
    for (let position = 0; position < size; position += PART) {
      crc = await shard.crc32c(await file.read(position, Math.min(PART, size - position)), crc);
    }
    return crc;
  } finally {
    await file.close();
  }
}

if (isMainThread) {
  const paths = process.argv.length > 2 ? process.argv.slice(2) : [fileURLToPath(import.meta.url)];
  const group = await ShardGroup.start(new URL(import.meta.url), { shards: SHARDS });
  try {
    const found = await Promise.all(paths.map((path, at) => checksumOf(path, group.shard(at % SHARDS))));
    for (const [at, crc] of found.entries()) console.log(crc.toString(16).padStart(8, '0'), paths[at]);
    const copied = Object.values(stats().ledger.copied).reduce((sum, bytes) => sum + bytes, 0);
    console.log(`bytes that were copied: ${copied}`);
  } finally {
    await group.close();
  }
}
