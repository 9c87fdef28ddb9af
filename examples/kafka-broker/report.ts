// The figures for people.
import { STALL_US } from './figures.js';
import type { Figures } from './figures.js';

export function report(figures: Figures): string {
  const { records, files, bytes, partitions, produceSeconds, compareSeconds, latency, batches, killedAfter, restartMs, again } = figures;
  const { batchesHopped, batchesReceived, remoteFreesReceived, remoteFreesSent, stalls, stallsOnCpu, longestTurn, hasPrecedence, gcMilliseconds, engine, rss } = figures;
  const waiting = hasPrecedence ? '' : '; clients have its priority, so some waited for a processor';
  const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
  const rate = (seconds: number): string => `${(bytes / seconds / 1e6).toFixed(1)} MB/s in ${seconds.toFixed(2)} s`;
  const percent = ((batchesHopped / Math.max(batchesReceived, 1)) * 100).toFixed(0);
  const copies = Object.entries(figures.copies).filter(([, copied]) => copied >= 0.005);
  const rows: [string, string][] = [
    ['records', `${records} of ${files} text files, ${megabytes(bytes)}, in ${partitions} partitions`],
    ['produced', `${rate(produceSeconds)}, acks=all, without the restart`],
    ['compared', `${rate(compareSeconds)}, by a group of two consumers`],
    ['latency', `p50 ${milliseconds(latency.p50)}, p99 ${milliseconds(latency.p99)}, p99.9 ${milliseconds(latency.p999)} for ${batches} requests`],
    ['SIGKILL', `after ${megabytes(killedAfter)}; the broker was back after ${restartMs.toFixed(0)} ms; ${again} records were read again`],
    ['hops', `${batchesHopped} of ${batchesReceived} batches (${percent} %) went to the shard that owns their partition`],
    ['copies per byte', copies.map(([place, copied]) => `${place} ${copied.toFixed(2)}`).join(', ')],
    ['deferred deletes', `${remoteFreesReceived} came home of ${remoteFreesSent} sent`],
    ['stalls', `${stalls} turns longer than ${STALL_US / 1000} ms, of which ${stallsOnCpu} ran for so long; the longest took ${milliseconds(longestTurn / 1000)}${waiting}`],
    ['garbage collector', `${milliseconds(gcMilliseconds)} in all shards`],
    ['engine', engine],
  ];
  const lines = rows.map(([name, text]) => `${name.padEnd(20)}${text}`);
  return [...lines, '', ...memory(figures), `${'process'.padStart(14)}${mebibytes(rss).padStart(14)}`].join('\n');
}

function memory({ shards }: Figures): string[] {
  const line = (cells: string[]): string => cells.map((cell) => cell.padStart(14)).join('');
  const rows = shards.map(({ committed, budget, liveObjects }, shard) => line([`${shard}`, mebibytes(committed), mebibytes(budget), `${liveObjects}`]));
  return [line(['shard', 'committed', 'budget', 'live objects']), ...rows];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
