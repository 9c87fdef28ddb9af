// Loads and uses 300 copies of the package in one thread, one after the other, as a test runner does with its files.
import assert from 'node:assert';
import { readdirSync } from 'node:fs';
import type * as corebuf from 'corebuf';

type Package = typeof corebuf;

const COPIES = 300;
const DESCRIPTORS_MORE = 10;

function loadCopy(): Package {
  for (const path of Object.keys(require.cache)) if (/corebuf|dist/.test(path) && !path.endsWith('.node') && path !== __filename) delete require.cache[path];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('corebuf') as Package;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function use({ DmaBuffer, DmaFile, IoBuf, thisShard }: Package): Promise<number> {
  const chain = IoBuf.from('a copy');
  assert.equal(chain.toString(), 'a copy');
  chain.release();
  DmaBuffer.alloc(4096).release();
  const file = await DmaFile.open(__filename);
  (await file.read(0, 100)).release();
  await file.close();
  return thisShard.id;
}

async function main(): Promise<void> {
  const first = loadCopy();
  const ids = new Set([await use(first)]);
  const before = descriptors();
  for (let count = 1; count < COPIES; count++) {
    const copy = loadCopy();
    assert.notEqual(copy, first);
    ids.add(await use(copy));
    await new Promise(setImmediate);
  }
  assert.ok(ids.size < 10, `${ids.size} shards`);
  assert.ok(descriptors() - before < DESCRIPTORS_MORE, `${descriptors() - before} descriptors more`);
  // A copy whose shard was given up gets another one when it is used again.
  await use(first);
  console.log('few');
}

void main();
