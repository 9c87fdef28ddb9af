// Files: the depth and the latency of each I/O class, and the operations of each shard.
import type { InspectedIoClass, InspectedShard } from '../sample-types.js';
import { area } from './charts.js';
import { h } from './dom.js';
import { bytesPerSecond, count, duration, perSecond } from './format.js';
import type { History } from './history.js';
import { empty, label, number, picture, quantity, table, text } from './table.js';
import type { Row } from './table.js';

const CLASS_COLUMNS = [
  text('Shard'), text('Class'), picture('Depth'), number('Queued'), number('In flight'), number('Rate'), number('Bytes'), number('p50'), number('p99'),
  number('Longest'),
];
const SHARD_COLUMNS = [text('Shard'), number('Reads'), number('Writes'), number('Syncs'), number('Read rate'), number('Write rate'), number('In flight')];

export function io(history: History): HTMLElement {
  const shards = history.shards.filter(({ io: its }) => its.reads + its.writes + its.syncs + its.inFlight > 0);
  if (shards.length === 0) return empty('No shard has read, written or synced a file yet.');
  const classes = shards.flatMap((shard) => shard.io.classes.filter(isUsed).map((one) => classRow(history, shard, one)));
  return h(
    'div',
    {},
    ...(classes.length === 0 ? [] : [h('h3', {}, 'Reads and writes by class'), table('I/O classes', CLASS_COLUMNS, classes)]),
    h('h3', {}, 'Operations'),
    table('Operations of files', SHARD_COLUMNS, shards.map((shard) => shardRow(history, shard))),
  );
}

function isUsed({ completed, queued, inFlight }: InspectedIoClass): boolean {
  return completed + queued + inFlight > 0;
}

function classRow(history: History, { name }: InspectedShard, { name: ioClass, queued, inFlight, latency }: InspectedIoClass): Row {
  const its = (shard: InspectedShard): InspectedIoClass | undefined => shard.io.classes.find((one) => one.name === ioClass);
  const depth = (shard: InspectedShard): number => (its(shard)?.queued ?? 0) + (its(shard)?.inFlight ?? 0);
  return {
    key: `${name} ${ioClass}`,
    cells: [
      label(name),
      label(ioClass),
      area(`Depth of the class ${ioClass} of ${name} in the last minute`, history.values(name, depth), 1),
      quantity(count(queued)),
      quantity(count(inFlight)),
      quantity(perSecond(history.rate(name, (shard) => its(shard)?.completed ?? 0))),
      quantity(bytesPerSecond(history.rate(name, (shard) => its(shard)?.bytes ?? 0))),
      ...[latency.p50, latency.p99, latency.longest].map((us) => quantity(duration(us), us, ' µs')),
    ],
  };
}

function shardRow(history: History, { name, io: its }: InspectedShard): Row {
  return {
    key: name,
    cells: [
      label(name),
      ...[its.reads, its.writes, its.syncs].map((value) => quantity(count(value), value)),
      quantity(bytesPerSecond(history.rate(name, (shard) => shard.io.bytesRead)), its.bytesRead, ' bytes in all'),
      quantity(bytesPerSecond(history.rate(name, (shard) => shard.io.bytesWritten)), its.bytesWritten, ' bytes in all'),
      quantity(count(its.inFlight)),
    ],
  };
}
