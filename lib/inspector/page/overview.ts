// The table of all shards: one line tells whether a shard is well.
import type { InspectedShard } from '../sample-types.js';
import { area, meter } from './charts.js';
import { h } from './dom.js';
import { bytes, count, duration, percent, perSecond, textOf } from './format.js';
import type { History } from './history.js';
import { empty, label, number, picture, quantity, table, text } from './table.js';
import type { Row } from './table.js';

const COLUMNS = [
  text('Shard'), picture('Memory'), number('Used'), number('Budget'), picture('Busy, last minute'), number('Busy'), number('Turns'), number('Calls'),
  number('Call p99'), number('Stalls'),
];

export function overview(history: History): HTMLElement {
  const { shards, gone } = history;
  if (shards.length + gone.length === 0) return empty('This process has no shard. The first use of the package makes one.');
  return table('Shards', COLUMNS, [...shards.map((shard) => rowOf(history, shard)), ...gone.map(rowOfGone)]);
}

function rowOf(history: History, { id, name, memory, stalls, latencies }: InspectedShard): Row {
  const { used, budget } = memory;
  // The mean of a turn and their number give the time of all.
  const busy = (shard: InspectedShard): number => (shard.latencies.turns.mean * shard.latencies.turns.count) / 1e6;
  const load = history.rate(name, busy);
  return {
    key: name,
    cells: [
      label(name, h('span', { class: 'more', title: 'number of the shard in the process' }, `#${id}`)),
      meter(`${textOf(percent(used / budget))} of the memory is used`, { used: used / budget }),
      quantity(bytes(used), used, ' bytes'),
      quantity(bytes(budget), budget, ' bytes'),
      area(`Part of the time that ${name} worked in the last minute`, history.rates(name, busy), 1),
      quantity(percent(load === undefined ? undefined : Math.min(1, load))),
      quantity(perSecond(history.rate(name, ({ turns }) => turns))),
      quantity(perSecond(history.rate(name, (shard) => shard.latencies.calls.count))),
      quantity(duration(latencies.calls.count === 0 ? undefined : latencies.calls.p99)),
      quantity(count(stalls), stalls),
    ],
  };
}

function rowOfGone({ id, name }: InspectedShard): Row {
  const nothing = COLUMNS.slice(2).map(() => h('span'));
  return { key: name, kind: 'gone', cells: [label(name, h('span', { class: 'more' }, `#${id}`)), h('span', {}, 'ended'), ...nothing] };
}
