// Memory that is asked for is given whole, or refused by an error that names the limit. Only defaults follow the limits.
import { execFile } from 'node:child_process';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { constants } from '../../lib/native/binding';
import { noShard } from '../../lib/shard/memory-limits';
import { programPath } from '../support/program';
import { sanitized } from '../support/sanitized';

interface Told {
  readonly errors: readonly { code: string; message: string }[];
  readonly budget: number;
}

/** Runs the program where the process has `addresses` KiB of addresses. */
async function tell(addresses: string, memory: string, groupMemory: string): Promise<Told> {
  const script = `ulimit -v ${addresses}; exec "$0" "$@"`;
  const args = [process.execPath, programPath('memory-limits'), memory, groupMemory];
  const { stdout } = await promisify(execFile)('bash', ['-c', script, ...args]);
  return JSON.parse(stdout) as Told;
}

const ADDRESSES = `${9 << 20}`;
const AS_MUCH_AS_NO_MACHINE_HAS = '4096TiB';

test('more than the machine has is refused, for a shard and for a group', async () => {
  const { errors, budget } = await tell('unlimited', AS_MUCH_AS_NO_MACHINE_HAS, AS_MUCH_AS_NO_MACHINE_HAS);
  const message = expect.stringMatching(/^options\.memory must be at most \S+ GiB, the memory .*of this (machine|process); received 4096 TiB\. Ask for less$/) as string;
  expect(errors).toEqual([0, 1].map(() => expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY', message }) as object));
  expect(budget).toBeLessThanOrEqual(totalmem() / 4);
});

/** A sanitizer's shadow does not fit into few addresses. */
const testWithFewAddresses = sanitized ? test.skip : test;

testWithFewAddresses('more than ulimit -v leaves is refused, for a shard and for a group, and the default is what there is', async () => {
  const { errors, budget } = await tell(ADDRESSES, '1GiB', '1GiB');
  const message = 'the memory that ulimit -v, 9 GiB, leaves';
  expect(errors).toEqual([
    { code: 'ERR_OUT_OF_MEMORY', message: expect.stringContaining(`${message}; received 1 GiB. Ask for less, or raise ulimit -v`) as string },
    { code: 'ERR_OUT_OF_MEMORY', message: expect.stringMatching(new RegExp(`${message}, as \\S+ MiB for each of 2 shards; received 1 GiB`)) as string },
  ]);
  expect(budget).toBeGreaterThanOrEqual(2 ** 20);
  expect(budget).toBeLessThan(2 ** 30);
});

test('memory within the limits is given whole', async () => {
  expect(await tell('unlimited', '5MiB', '10MiB')).toEqual({ errors: [], budget: 5 * 2 ** 20 });
});

test('the two causes of no shard are two errors, and each says what to do', () => {
  const texts = [constants.errorShardsInUse, constants.errorOutOfMemory].map((failure) => noShard(failure, 2 ** 30).message);
  expect(texts[0]).toMatch(/^all 256 shards of this process are in use: close a group or end a worker thread first/);
  expect(texts[1]).toMatch(/^cannot make a shard with 1 GiB: the system refuses the memory, or the addresses for it/);
});
