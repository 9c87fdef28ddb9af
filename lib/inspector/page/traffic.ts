// Messages between shards, as a matrix.
import type { InspectedShard } from '../sample-types.js';
import { levelOf } from './charts.js';
import { h } from './dom.js';
import { perSecond } from './format.js';
import type { History } from './history.js';
import { empty } from './table.js';

export function traffic(history: History): HTMLElement {
  const { shards } = history;
  if (!shards.some(({ lanes }) => lanes.length > 0)) return empty('No shard has sent a message to another one yet.');
  const rates = shards.map(({ name }) => shards.map((to) => history.rate(name, (shard) => sentTo(shard, to.id))));
  const most = Math.max(1, ...rates.flat().map((rate) => rate ?? 0));
  const heads = shards.map(({ name }) => h('th', { scope: 'col' }, name));
  const lines = shards.map((from, row) => {
    const cells = shards.map((to, column) => cell(from, to, rates[row]![column], most));
    return h('tr', { 'data-key': from.name }, h('th', { scope: 'row' }, from.name), ...cells);
  });
  const corner = h('td', { class: 'corner' }, 'from \\ to');
  const matrix = h('table', { class: 'matrix' }, h('thead', {}, h('tr', {}, corner, ...heads)), h('tbody', {}, ...lines));
  return h('div', { class: 'scroll', role: 'region', 'aria-label': 'Messages per second between shards', tabindex: 0 }, matrix);
}

function cell(from: InspectedShard, to: InspectedShard, rate: number | undefined, most: number): HTMLElement {
  const total = sentTo(from, to.id);
  if (total === 0) return h('td', { class: 'none', title: `${from.name} has sent nothing to ${to.name}` }, '·');
  const title = `${total.toLocaleString('en')} messages in all, from ${from.name} to ${to.name}`;
  return h('td', { title, 'data-level': levelOf((rate ?? 0) / most) }, perSecond(rate).digits);
}

function sentTo({ lanes }: InspectedShard, id: number): number {
  return lanes.find(({ to }) => to === id)?.sent ?? 0;
}
