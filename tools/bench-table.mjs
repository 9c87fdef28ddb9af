// The tables of benchmarks in README.md and docs/benchmarks.md, made from bench/results/*.json, which hold what `npm run bench -- --json`
// printed. `npm run bench:table` writes them; with --check it fails where a page says something else.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { report, root } from './tree.mjs';

/** Rows of README: suite, beginning of the case's name. */
const chosen = [
  ['alloc', '64 KiB: alloc'],
  ['memory', '4 KiB: freed on another thread'],
  ['iobuf', 'cut 8 MiB into records'],
  ['hop', '1 MiB in 8 fragments, against a copy (default)'],
  ['disk', '4 KiB random reads'],
  ['disk', '100 bytes, not flushed'],
];

const folder = join(root, 'bench/results');
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).sort() : [];
if (files.length === 0) throw new Error('bench/results is empty: run `npm run -s bench -- --json > bench/results/all.json` on an idle machine');
const rows = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)));

const pages = [
  ['README.md', tableOf(chosen.map(([suite, start]) => rowNamed(suite, start)))],
  ['docs/benchmarks.md', suitesOf(rows)],
];
report('bench table', pages.flatMap(([path, table]) => write(path, table)));

function rowNamed(suite, start) {
  const row = rows.find((row) => row.suite === suite && row.case.startsWith(start));
  if (row === undefined) throw new Error(`bench/results has no row of ${suite} that begins with '${start}'`);
  return row;
}

function suitesOf(rows) {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  return suites.map((suite) => `## ${suite}\n\n${tableOf(rows.filter((row) => row.suite === suite))}`).join('\n');
}

function tableOf(rows) {
  const lines = rows.map((row) => `| ${row.peerName} | ${row.case} | ${valueOf(row, 'ours')} | ${valueOf(row, 'peer')} | ${ratioOf(row.ratio)} |`);
  return ['| against | job | ours | theirs | ahead |', '|---|---|---|---|---|', ...lines, ''].join('\n');
}

/** A value with its unit; for round trips with the p99. */
function valueOf({ unit, ...row }, side) {
  const [value, p99] = [row[side], row[`${side}P99`]];
  return p99 === undefined ? `${short(value)} ${unit}` : `${short(value)} ${unit}, p99 ${short(p99)}`;
}

function short(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : `${Number(value.toPrecision(2))}`;
}

function ratioOf(ratio) {
  return `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}x`;
}

/** Replaces what stands between the two marks of the page. */
function write(path, table) {
  const file = join(root, path);
  const before = readFileSync(file, 'utf8');
  const after = before.replace(/(<!-- bench:table -->\n)[^]*(<!-- \/bench:table -->)/, (_, begin, end) => begin + table + end);
  if (!after.includes('<!-- bench:table -->')) return [`${path} has no place for the table`];
  if (after === before) return [];
  if (process.argv.includes('--check')) return [`${path} differs from bench/results: run \`npm run bench:table\``];
  writeFileSync(file, after);
  return [];
}
