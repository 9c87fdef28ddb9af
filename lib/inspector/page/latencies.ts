// Latencies of calls, lanes and turns: quantiles since the shard began, and the distribution of the last minute.
import type { InspectedShard } from '../sample-types.js';
import { bars } from './charts.js';
import { h } from './dom.js';
import { count, duration, perSecond } from './format.js';
import type { History } from './history.js';
import { empty, label, number, picture, quantity, table, text } from './table.js';
import type { Row } from './table.js';

type Kind = keyof InspectedShard['distributions'];

const KINDS: readonly { readonly kind: Kind; readonly title: string; readonly none: string }[] = [
  { kind: 'calls', title: 'Calls, until the answer is here', none: 'No shard has called another one yet.' },
  { kind: 'laneWaits', title: 'Messages, until the receiver takes them', none: 'No shard has received a message yet.' },
  { kind: 'turns', title: 'Turns, without the time that they sleep', none: 'No shard has ended a turn yet.' },
];
const COLUMNS = [
  text('Shard'), picture('Last minute'), number('Rate'), number('Count'), number('p50'), number('p90'), number('p99'), number('p99.9'), number('Longest'),
];

export function latencies(history: History): HTMLElement {
  return h('div', {}, ...KINDS.flatMap(({ kind, title, none }) => [h('h3', {}, title), tableOf(history, kind, title, none)]));
}

function tableOf(history: History, kind: Kind, title: string, none: string): HTMLElement {
  const shards = history.shards.filter((shard) => shard.latencies[kind].count > 0);
  return shards.length === 0 ? empty(none) : table(title, COLUMNS, shards.map((shard) => rowOf(history, kind, shard)));
}

function rowOf(history: History, kind: Kind, { name, latencies: its }: InspectedShard): Row {
  const { count: all, p50, p90, p99, p999, longest } = its[kind];
  return {
    key: name,
    cells: [
      label(name),
      bars(`Distribution of the last minute of ${name}`, history.added(name, (shard) => shard.distributions[kind])),
      quantity(perSecond(history.rate(name, (shard) => shard.latencies[kind].count))),
      quantity(count(all), all),
      ...[p50, p90, p99, p999, longest].map((us) => quantity(duration(us), us, ' µs')),
    ],
  };
}
