// Benchmarks do not gate the tests, but each suite must start: it is compiled, finds its peers, and names its cases.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const main = join(__dirname, '../../out/bench/main.js');
const suites = readdirSync(join(__dirname, '../../bench'))
  .filter((name) => name.endsWith('.ts') && name !== 'main.ts')
  .map((name) => name.slice(0, -'.ts'.length));

test.each(suites)('the suite %s opens and names its cases', (suite) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', main, suite, '--list'], { encoding: 'utf8' });
  // A suite may say what it measures on, and which peers this machine lacks, in lines under its name.
  expect({ status, stderr: stderr.replace(new RegExp(`^${suite}: .*\n`, 'gm'), '') }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').filter((line) => line.startsWith(suite)).length).toBeGreaterThan(0);
});
