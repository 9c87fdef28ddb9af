// A process that produces with acks=all is killed at any moment: what it was told is there, once, and in order.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import { Random } from '../../../test/support/random';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { recordsIn } from './batches';
import type { SeenRecord } from './batches';

removeScratchAfterEach();

const PROGRAM = join(__dirname, 'programs/produce-until-killed.mjs');
const ROUNDS = Number(process.env.COREBUF_KILL_ROUNDS ?? 3);
const PRODUCERS = 4;
/** Batches that a producer sends again, as if it had not been told of them: so many are remembered of it. */
const SENT_AGAIN = 5;

/** Runs the program until it has acknowledged `lines` batches, kills it, and returns the lines that it wrote. */
async function acknowledgedUntilKilled(folder: string, next: readonly number[], lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, folder, ...next.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line);
    if (seen.length === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return seen;
}

async function readAll(folder: string): Promise<SeenRecord[]> {
  const store = new LogStore({ retentionInterval: 0 });
  const log = await PartitionLog.open(folder, { segmentBytes: 100_000 }, store);
  const seen: SeenRecord[] = [];
  while (BigInt(seen.length) < log.highWatermark) seen.push(...recordsIn(await log.read(BigInt(seen.length), 1_000_000)));
  await log.close();
  await store.close();
  return seen;
}

test('what was acknowledged survives SIGKILL, once and in order, and its producers go on', async () => {
  const random = new Random();
  const folder = scratchPath();
  const acknowledged = new Map<string, number>();
  let next = Array.from({ length: PRODUCERS }, () => 0);
  for (let round = 0; round < ROUNDS; round++) {
    const again = next.map((sequence) => Math.max(0, sequence - SENT_AGAIN));
    for (const line of await acknowledgedUntilKilled(folder, again, 50 + random.upTo(400))) {
      const [producer, sequence, offset] = line.split(' ');
      // A batch that was there already is acknowledged again, with the offset that it has.
      acknowledged.set(`${producer}:${sequence}`, Number(offset));
    }
    const seen = await readAll(folder);
    next = Array.from({ length: PRODUCERS }, () => 0);
    for (const [at, { offset, value }] of seen.entries()) {
      const [producer, sequence] = value.split(':').map(Number);
      expect([offset, sequence]).toEqual([at, next[producer!]]);
      next[producer!]!++;
      const told = acknowledged.get(`${producer}:${sequence}`);
      if (told !== undefined) expect(told).toBe(offset);
      acknowledged.delete(`${producer}:${sequence}`);
    }
    expect({ seed: random.seed, lost: [...acknowledged.keys()] }).toEqual({ seed: random.seed, lost: [] });
  }
});
