// Killed at any moment, a process loses nothing that it has said to be durable. (What a power failure does, only a power failure shows.)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SegmentAppender } from 'corebuf';
import { programPath } from '../support/program';
import { recordOf, scan } from '../support/record';
import { engines } from '../support/engines';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();

const rounds = Number(process.env.COREBUF_CRASH_ROUNDS ?? (process.env.CI === undefined ? 8 : 15));
/** A disk that is slow lets fewer be played, unless their number was asked for. */
const ROUNDS_LEAST = process.env.COREBUF_CRASH_ROUNDS === undefined ? 5 : rounds;
const ROUNDS_MOST_MS = 60_000;
/** For a program to report as often as it is to: what has hung must end, or the whole run would wait for it. */
const PATIENCE_MS = 60_000;
/** Then a log is begun anew, so that reading all of it after each round takes no longer and longer. */
const LOG_MOST = 16 * 1024 * 1024;
jest.setTimeout(2 * ROUNDS_MOST_MS + (ROUNDS_LEAST + 1) * PATIENCE_MS);

/** Lets the program run until it has reported `lines` times, and `ms` more; the last position that each log was reported durable to. */
async function killed(paths: readonly string[], engine: string, lines: number, ms: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [programPath('crashes'), ...paths], {
    env: { ...process.env, COREBUF_ENGINE: engine },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close');
  const stderr = text(child.stderr!);
  const durable = new Map(paths.map((path) => [path, 0]));
  let reports = 0;
  let backward = '';
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const [path, position] = line.split(' ');
    if (!(Number(position) > durable.get(path!)!)) backward ||= `report ${reports}: '${line}' after ${durable.get(path!)}`;
    durable.set(path!, Number(position));
    if (++reports === lines) setTimeout(() => child.kill('SIGKILL'), ms);
  }
  const [code, signal] = (await closed) as [number | null, string | null];
  // By us, and not by itself.
  expect({ code, signal, stderr: await stderr, backward }).toEqual({ code: null, signal: 'SIGKILL', stderr: '', backward: '' });
  if (reports < lines) throw new Error(`${reports} reports of ${lines} in ${PATIENCE_MS} ms: ${JSON.stringify([...durable])}`);
  return durable;
}

function recordsBefore(end: number): Buffer {
  const records: Buffer[] = [];
  for (let length = 0; length < end; length += records.at(-1)!.length) records.push(recordOf(records.length));
  return Buffer.concat(records);
}

/** Where `log` does not begin with `wanted`, or -1. */
function firstDifference(log: Buffer, wanted: Buffer): number {
  const begin = log.subarray(0, wanted.length);
  return begin.equals(wanted) ? -1 : wanted.findIndex((byte, at) => byte !== begin[at]);
}

test.each(engines)('what was durable is there after every kill, byte for byte, and the log goes on (%s)', async (engine) => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  const paths = [scratchPath(), scratchPath()];
  for (const path of paths) writeFileSync(path, '');
  const before = new Map(paths.map((path) => [path, 0]));
  const enough = performance.now() + ROUNDS_MOST_MS;
  for (let round = 0; round < rounds && (round < ROUNDS_LEAST || performance.now() < enough); round++) {
    for (const path of paths.filter((path) => before.get(path)! > LOG_MOST)) {
      writeFileSync(path, '');
      before.set(path, 0);
    }
    const durable = await killed(paths, engine, 1 + random.upTo(30), random.upTo(15));
    for (const [number, path] of paths.entries()) {
      const log = readFileSync(path);
      const { count, end } = scan(log);
      const different = firstDifference(log, recordsBefore(end));
      const found = { seed: random.seed, round, number, size: log.length, count, end, durable: durable.get(path)!, before: before.get(path)!, different };
      // Nothing that an earlier round left is lost either.
      if (end < found.durable || end < found.before || different >= 0) throw new Error(`bytes are missing or wrong: ${JSON.stringify(found)}`);
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
