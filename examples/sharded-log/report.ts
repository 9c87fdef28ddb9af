// The figures for people.
import type { Figures, Phase } from './figures.js';

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function report(figures: Figures): string {
  const { write, read, files, records, connections, alignment } = figures;
  const how = figures.direct ? 'direct' : 'buffered';
  const payload = megabytes(figures.payloadBytes);
  const timesOf = ({ megabytesPerSecond, seconds }: Phase): string =>
    `${megabytesPerSecond.toFixed(0)} MB/s in ${seconds.toFixed(2)} s`;
  const rows: [string, string][] = [
    ['files', `${files}: ${records} records, ${payload}, over ${connections} connections`],
    ['in, durable', `${timesOf(write)}, ${figures.writes} writes, ${figures.syncs} datasyncs`],
    ['out, compared', timesOf(read)],
    ['hopped', `${figures.hopped} records (${percent(figures.hopped / records)}) to the shard that owns their key`],
    ['deferred deletes', `${figures.remoteFreesReceived} came home of ${figures.remoteFreesSent} sent`],
    ['stalls', `${figures.stalls} turns longer than 500 µs`],
    ['disk', `${figures.engine}, ${how}, alignment ${alignment.offset} (${alignment.source})`],
  ];
  const lines = rows.map(([name, text]) => `${name.padEnd(18)}${text}`);
  return [...lines, '', ...copies(figures), '', ...memory(figures)].join('\n');
}

function copies({ write, read }: Figures): string[] {
  const places = Object.keys(write.copies);
  const line = (name: string, cells: string[]): string =>
    name.padEnd(32) + cells.map((cell) => cell.padStart(10)).join('');
  const times = (phase: Record<string, number>): string[] => places.map((place) => `${phase[place]!.toFixed(3)}x`);
  return [
    line('copies per byte of payload', places),
    line('  socket -> hop -> disk', times(write.copies)),
    line('  disk -> hop -> socket', times(read.copies)),
  ];
}

function memory({ shards, clientLiveObjects }: Figures): string[] {
  const line = (cells: string[]): string => cells.map((cell) => cell.padStart(14)).join('');
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const rows = shards.map(({ cpu, committed, budget, liveObjects }, shard) =>
    line([`${shard}`, `${cpu ?? '-'}`, mebibytes(committed), mebibytes(budget), `${liveObjects}`]),
  );
  const client = line(['client', '-', '-', '-', `${clientLiveObjects}`]);
  return [line(['shard', 'cpu', 'committed', 'budget', 'live objects']), ...rows, client];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
