// Open appenders: how far each has come, and how much of it a crash would lose.
import type { InspectedAppender, InspectedShard } from '../sample-types.js';
import { h } from './dom.js';
import { bytes, bytesPerSecond } from './format.js';
import type { History } from './history.js';
import { empty, label, number, quantity, table, text } from './table.js';
import type { Row } from './table.js';

const COLUMNS = [
  text('File'), text('Shard'), number('Rate'), number('Accepted'), number('Written'), number('Durable'), number('Not written'), number('Not durable'),
];

export function appenders(history: History): HTMLElement {
  const { shards } = history;
  const rows = shards.flatMap((shard) => shard.appenders.map((appender, at) => rowOf(history, shard, appender, at)));
  if (rows.length === 0) return empty('No appender is open.');
  const hidden = shards.reduce((sum, shard) => sum + Math.max(0, shard.appendersOpen - shard.appenders.length), 0);
  const more = hidden === 0 ? undefined : h('p', { class: 'hint' }, `${hidden} more are open: each shard shows at most 256.`);
  return h('div', {}, table('Appenders', COLUMNS, rows), more);
}

function rowOf(history: History, { name }: InspectedShard, { path, accepted, written, durable }: InspectedAppender, at: number): Row {
  const acceptedBy = (shard: InspectedShard): number => shard.appenders.find((one) => one.path === path)?.accepted ?? 0;
  return {
    key: `${name} ${at}`,
    cells: [
      h('span', { class: 'path', title: path }, h('bdi', {}, path)),
      label(name),
      quantity(bytesPerSecond(history.rate(name, acceptedBy))),
      ...[accepted, written, durable, accepted - written, accepted - durable].map((value) => quantity(bytes(value), value, ' bytes')),
    ],
  };
}
