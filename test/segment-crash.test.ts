// Killed at any moment, a process loses nothing that it has said to be durable. (What a power failure does, only a power failure shows.)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { capabilities, SegmentAppender } from 'corebuf';
import { recordOf, scan } from './fixtures/record';
import { Random } from './support/random';
import { removeScratchAfterEach, scratchPath } from './support/scratch';
import { fixture } from './support/shards';

removeScratchAfterEach();
jest.setTimeout(300_000);

const rounds = Number(process.env.COREBUF_CRASH_ROUNDS ?? (process.env.CI === undefined ? 8 : 30));
const engines = capabilities().ioUring === true ? ['io_uring', 'threads'] : ['threads'];

/** Lets the program run until it has reported `lines` times, and `ms` more; the last position that each log was reported durable to. */
async function killed(paths: readonly string[], engine: string, lines: number, ms: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [fixture('crashes'), ...paths], { env: { ...process.env, COREBUF_ENGINE: engine }, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const durable = new Map(paths.map((path) => [path, 0]));
  let reports = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [path, position] = line.split(' ');
    expect(Number(position)).toBeGreaterThan(durable.get(path!)!);
    durable.set(path!, Number(position));
    if (++reports === lines) setTimeout(() => child.kill('SIGKILL'), ms);
  }
  // By us, and not by itself.
  expect(await closed).toEqual([null, 'SIGKILL']);
  expect(reports).toBeGreaterThanOrEqual(lines);
  return durable;
}

function recordsBefore(end: number): Buffer {
  const records: Buffer[] = [];
  for (let length = 0; length < end; length += records.at(-1)!.length) records.push(recordOf(records.length));
  return Buffer.concat(records);
}

test.each(engines)('what was durable is there after every kill, byte for byte, and the log goes on (%s)', async (engine) => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  const paths = [scratchPath(), scratchPath()];
  for (const path of paths) writeFileSync(path, '');
  const before = new Map(paths.map((path) => [path, 0]));
  for (let round = 0; round < rounds; round++) {
    const durable = await killed(paths, engine, 1 + random.upTo(30), random.upTo(15));
    for (const path of paths) {
      const log = readFileSync(path);
      const { end } = scan(log);
      expect(end).toBeGreaterThanOrEqual(durable.get(path)!);
      // Nothing that an earlier round left is lost either.
      expect(end).toBeGreaterThanOrEqual(before.get(path)!);
      expect(log.subarray(0, end).equals(recordsBefore(end))).toBe(true);
      before.set(path, end);
    }
  }
  for (const path of paths) {
    const end = before.get(path)!;
    expect(end).toBeGreaterThan(0);
    const log = await SegmentAppender.open(path, { position: end });
    await log.append(Buffer.from('the end'));
    await log.close();
    expect(readFileSync(path).equals(Buffer.concat([recordsBefore(end), Buffer.from('the end')]))).toBe(true);
  }
});
