// The command line of `npm run bench`.
import { parseArgs } from 'node:util';
import type { Choices, Suite } from './suite.js';

/** One suite in one of its settings: what one process runs. */
export interface Run {
  readonly suite: Suite;
  readonly setting?: string;
}

export interface Command {
  readonly runs: readonly Run[];
  readonly json: boolean;
  readonly quick: boolean;
  /** Names the cases instead of running them. */
  readonly list: boolean;
  readonly help: boolean;
  readonly choices: Choices;
}

/** @throws Error with one line for people. */
export function commandFrom(args: readonly string[], suites: readonly Suite[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, list: { type: 'boolean' }, peer: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const runs = positionals.length === 0 ? suites.flatMap(runsOf) : positionals.flatMap((name) => runsNamed(name, suites));
  const { peer } = values;
  if (peer !== undefined && !/^.+:\d+$/.test(peer)) throw new Error(`--peer must be HOST:PORT, not '${peer}'`);
  const choices = peer === undefined ? {} : { peer };
  return { runs, json: values.json === true, quick: values.quick === true, list: values.list === true, help: values.help === true, choices };
}

export function nameOf({ suite, setting }: Run): string {
  return setting === undefined ? suite.name : `${suite.name}:${setting}`;
}

export function helpFor(suites: readonly Suite[]): string {
  const width = Math.max(...suites.map(({ name }) => name.length));
  return [
    'npm run bench -- [suite …] [--json] [--quick] [--peer HOST:PORT]',
    '',
    ...suites.map((suite) => `  ${suite.name.padEnd(width)}  ${suite.about}${settingsOf(suite)}`),
    '',
    'All suites unless some are named. Ratios above 1 mean that corebuf is ahead of the peer.',
    '  --json    one JSON object per line',
    '  --quick   fewer and shorter rounds',
    '  --list    names the cases, and runs none',
    '  --peer    a Kafka broker that runs already: the suite broker puts it beside ours'
  ].join('\n');
}

function settingsOf(suite: Suite): string {
  return suite.settings === undefined ? '' : ` (${runsOf(suite).map(nameOf).join(', ')})`;
}

function runsOf(suite: Suite): Run[] {
  return suite.settings === undefined ? [{ suite }] : suite.settings.map((setting) => ({ suite, setting }));
}

function runsNamed(name: string, suites: readonly Suite[]): Run[] {
  const runs = suites.flatMap(runsOf).filter((run) => name === run.suite.name || name === nameOf(run));
  if (runs.length === 0) throw new Error(`unknown suite '${name}'; there are ${suites.map((suite) => suite.name).join(', ')}`);
  return runs;
}
