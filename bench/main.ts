// npm run bench: each suite in a process of its own, since a thread attaches to its shard once, and no suite should inherit
// another's heap.
import { spawnSync } from 'node:child_process';
import { alloc } from './alloc.js';
import { broker } from './broker.js';
import { disk } from './disk.js';
import { hop } from './hop.js';
import { iobuf } from './iobuf.js';
import { lane } from './lane.js';
import { memory } from './memory.js';
import { net } from './net.js';
import { stream } from './stream.js';
import { commandFrom, helpFor, nameOf } from './harness/command-line.js';
import type { Command, Run } from './harness/command-line.js';
import { FULL, measure, QUICK } from './harness/measure.js';
import { jsonReport, tableReport } from './harness/report.js';
import type { Suite } from './harness/suite.js';

const suites: readonly Suite[] = [alloc, memory, iobuf, stream, net, lane, hop, disk, broker];

async function main(): Promise<number> {
  const command = parsed();
  if (command === undefined) return 2;
  if (command.help) {
    console.log(helpFor(suites));
    return 0;
  }
  const [only] = command.runs;
  if (only !== undefined && command.runs.length === 1) {
    await run(only, command);
    return 0;
  }
  return command.runs.map((each) => runInChild(each, command)).find((status) => status !== 0) ?? 0;
}

function parsed(): Command | undefined {
  try {
    return commandFrom(process.argv.slice(2), suites);
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    console.error(`bench: ${sentence} (see --help)`);
    return undefined;
  }
}

function runInChild(each: Run, { json, quick, list, choices: { peer } }: Command): number {
  const flags = [...(json ? ['--json'] : []), ...(quick ? ['--quick'] : []), ...(list ? ['--list'] : []), ...(peer === undefined ? [] : ['--peer', peer])];
  const { status } = spawnSync(process.execPath, [...process.execArgv, __filename, nameOf(each), ...flags], { stdio: 'inherit' });
  return status ?? 1;
}

async function run(each: Run, { json, quick, list, choices }: Command): Promise<void> {
  const report = json ? jsonReport : tableReport;
  const { suite, setting } = each;
  const open = await suite.open(setting, choices);
  try {
    if (list) return console.log(open.cases.map(({ name, peerName }) => `${nameOf(each)}: ${name} (${peerName})`).join('\n'));
    report.begin(nameOf(each), suite.about, open.cases);
    for (const measured of open.cases) {
      report.add(suite.name, measured, await measure(measured, quick ? QUICK : FULL));
    }
  } finally {
    await open.close?.();
  }
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
