// The log of docs/guides/durable-logs-and-recovery.md survives kill -9: whatever it acknowledged is there, and nothing else than was written.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { blocksIn, compileInto, runFile } from '../support/documents';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();

const blocks = blocksIn('docs/guides/durable-logs-and-recovery.md');

/**
 * Four keys are set again and again, in flight together; each line says what is acknowledged. The next value waits until the system has
 * the line: lines that wait in the writer's memory die with it.
 */
const WRITER = `
import { DurableLog } from './durable-log.js';
const log = await DurableLog.open('log');
const from = Number(await log.get('key 0') ?? 0);
const tell = (line) => new Promise((resolve) => process.stdout.write(line + '\\n', resolve));
const set = async (key, value) => { await log.set(key, String(value)); await tell(key + '=' + value); };
for (let value = from + 1; ; value++) await Promise.all([0, 1, 2, 3].map((at) => set('key ' + at, value)));
`;
const READER = `
import { DurableLog } from './durable-log.js';
const log = await DurableLog.open('log');
for (const key of [...log.index.keys()].sort()) console.log(key + '=' + await log.get(key));
await log.close();
`;

function compiled(): string {
  const folder = dirname(scratchPath());
  expect(compileInto(folder, blocks)).toEqual([]);
  writeFileSync(join(folder, 'writer.js'), WRITER);
  writeFileSync(join(folder, 'reader.js'), READER);
  return folder;
}

function valuesOf(lines: readonly string[]): Map<string, number> {
  return new Map(lines.map((line) => [line.split('=')[0]!, Number(line.split('=')[1])]));
}

async function valuesAfterRecovery(folder: string): Promise<Map<string, number>> {
  return valuesOf((await runFile(folder, 'reader.js')).trimEnd().split('\n').filter((line) => line !== ''));
}

/** Kills the writer after so many lines; returns all that it had printed. */
async function writeAndKill(folder: string, count: number): Promise<string[]> {
  const writer = spawn(process.execPath, ['writer.js'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(writer, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    lines.push(line);
    if (lines.length === count) writer.kill('SIGKILL');
  }
  expect((await ended)[1]).toBe('SIGKILL');
  return lines;
}

test('is one file of at most 60 lines', () => {
  expect(blocks.map(({ name, code }) => [name, code.split('\n').filter((line) => line.trim() !== '').length <= 60])).toEqual([['durable-log.ts', true]]);
});

test('has every acknowledged value after each of five kills', async () => {
  const folder = compiled();
  const random = new Random();
  for (let round = 0; round < 5; round++) {
    const acknowledged = valuesOf(await writeAndKill(folder, 4 + random.upTo(200)));
    const found = await valuesAfterRecovery(folder);
    // The last one may have been made durable, and its caller not have been told.
    for (const [key, value] of acknowledged) expect([value, value + 1]).toContain(found.get(key));
    expect([...found.keys()].sort()).toEqual([...acknowledged.keys()].sort());
  }
});

test('cuts a torn record off, and goes on in front of it', async () => {
  const folder = compiled();
  const acknowledged = valuesOf(await writeAndKill(folder, 40));
  const before = await valuesAfterRecovery(folder); // Closing has cut the file to its records.
  const path = join(folder, 'log');
  const { size } = statSync(path);
  truncateSync(path, size - 1);
  appendFileSync(path, Buffer.alloc(5000, 0xff));
  const after = await valuesAfterRecovery(folder);
  const lost = [...before].filter(([key, value]) => after.get(key) !== value);
  expect(lost.length).toBe(1);
  expect(after.get(lost[0]![0])).toBe(lost[0]![1] - 1);
  expect(statSync(path).size).toBeLessThan(size);
  expect(acknowledged.size).toBe(4);
});
