// The examples that are in the package, as a user runs them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Connection, IoBuf } from 'corebuf';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

const LINES_MAX = 80;
const folder = join(__dirname, '../../examples');
const paths = readdirSync(folder).filter((name) => name.endsWith('.mjs'));

removeScratchAfterEach();
expectNothingLeaked();

function run(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name), ...args], { encoding: 'utf8', timeout: 60_000 });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test('are three, and short', () => {
  expect(paths).toEqual(['checksums.mjs', 'durable-log.mjs', 'echo-server.mjs']);
  for (const path of paths) expect(readFileSync(join(folder, path), 'utf8').split('\n').length).toBeLessThan(LINES_MAX);
});

test('the checksums are right, and made of bytes that were not copied', () => {
  const read = [__filename, process.execPath];
  const lines = run('checksums.mjs', ...read).trim().split('\n');
  const last = lines.pop()!;
  expect(lines).toEqual(
    read.map((path) => {
      using bytes = IoBuf.wrap(readFileSync(path));
      return `${bytes.crc32c().toString(16).padStart(8, '0')} ${path}`;
    }),
  );
  expect(Number(/^bytes that were copied: (\d+)$/.exec(last)![1])).toBeLessThan(100_000);
});

test('the durable log goes on behind its last whole record', () => {
  const path = scratchPath();
  expect(run('durable-log.mjs', path, '20')).toMatch(/^20 lines are durable after \d+\.\d ms\n20 lines in the log; the last is 'line 19'\n$/);
  appendFileSync(path, Buffer.from([0, 0, 0, 1, 1, 2, 3, 4, 5])); // a byte, and not its checksum
  expect(run('durable-log.mjs', path, '5')).toMatch(/\n25 lines in the log; the last is 'line 24'\n$/);
});

test('the durable log refuses the file of another program, and leaves it as it was', () => {
  const path = scratchPath();
  writeFileSync(path, 'dear diary');
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'durable-log.mjs'), path], { encoding: 'utf8', timeout: 60_000 });
  expect(status).toBe(1);
  expect(stderr).toContain(`${path} is no log of this program`);
  expect(readFileSync(path, 'utf8')).toBe('dear diary');
});

test('the server asks itself, or serves others until it is told to end', async () => {
  expect(run('echo-server.mjs')).toMatch(/^listening at 127\.0\.0\.1:\d+\none two three four\n$/);
  const server = spawn(process.execPath, [join(folder, 'echo-server.mjs'), '0'], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const connections = await Promise.all([1, 2].map(() => Connection.connect({ host: '127.0.0.1', port: Number(line.split(':')[1]) })));
  for (const connection of connections) await connection.write(new IoBuf().appendUInt32BE(5).append('hello'));
  for (const connection of connections) {
    using answer = await connection.readExactly(9);
    expect(answer.toString('utf8', 4)).toBe('hello');
    await connection.close();
  }
  server.kill('SIGINT');
  expect(await once(server, 'exit')).toEqual([0, null]);
});
