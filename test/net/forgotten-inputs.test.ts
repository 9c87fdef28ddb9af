// Inputs that a program has taken and then forgotten. The collector watches an input only from the moment at which its connection lets go of it.
import { Connection, IoBuf, Listener, thisShard } from 'corebuf';
import type { AddressInfo } from 'node:net';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();

const HOST = '127.0.0.1';
/** More than the handles of a block, which is then full and lets go of its handles at the end of the turn. */
const MANY = 600;

async function ageBlocks(): Promise<void> {
  for (let count = 0; count < MANY; count++) new IoBuf().release();
  for (let turns = 0; turns < 3; turns++) await turn();
}

test('an input that was taken and forgotten is given back by the collector, however old it is', async () => {
  await using listener = await Listener.open({ host: HOST });
  const accepted = listener[Symbol.asyncIterator]().next();
  const near = await Connection.connect({ host: HOST, port: (listener.address as AddressInfo).port });
  const far = (await accepted).value!;
  await ageBlocks();
  await near.write('forgotten');
  const before = thisShard.memory.stats().leaksReclaimed;
  expect((await far.read())!.length).toBe(9);
  await ageBlocks();
  const reclaimed = (): boolean => {
    globalThis.gc!();
    return thisShard.memory.stats().leaksReclaimed > before;
  };
  await until(reclaimed, () => 'the forgotten input was not reclaimed');
  // The connection works on, and its next input is its own.
  await near.write('kept');
  using kept = (await far.read())!;
  expect(kept.toString()).toBe('kept');
  await Promise.all([near.close(), far.close()]);
});
