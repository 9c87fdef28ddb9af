// The memory of each shard: how much of its budget is used, and its slots by size, each with its last minute.
import type { InspectedShard } from '../sample-types.js';
import { area, meter, strip } from './charts.js';
import { h } from './dom.js';
import { bytes, count, textOf } from './format.js';
import type { History } from './history.js';
import { empty, label, number, picture, quantity, table, text } from './table.js';
import type { Row } from './table.js';

type SizeClass = InspectedShard['memory']['classes'][number];

const COLUMNS = [text('Slot size'), picture('Last minute'), number('Used'), number('Free'), number('In use')];

export function memory(history: History): HTMLElement {
  const { shards } = history;
  if (shards.length === 0) return empty('No shard has memory.');
  return h('div', { class: 'cards' }, ...shards.map((shard) => card(history, shard)));
}

function card(history: History, { name, memory: its }: InspectedShard): HTMLElement {
  const { used, committed, budget, liveObjects, classes } = its;
  const title = `memory-of-${name.replaceAll(/\W+/g, '-')}`;
  const whole = Math.max(budget, 1);
  return h(
    'article',
    { 'data-key': name, 'aria-labelledby': title },
    h('h3', { id: title }, name),
    h('p', { class: 'figure' }, h('strong', {}, textOf(bytes(used))), ` used, ${textOf(bytes(committed))} committed, of ${textOf(bytes(budget))}`),
    meter(`${textOf(bytes(used))} used and ${textOf(bytes(committed))} committed of ${textOf(bytes(budget))}`, {
      used: used / whole,
      committed: Math.max(0, committed - used) / whole,
    }),
    area(`Bytes used by ${name} in the last minute`, history.values(name, (shard) => shard.memory.used)),
    h('p', { class: 'hint' }, `${textOf(count(liveObjects))} live objects. Chains refer to ${textOf(bytes(its.referenced))}.`),
    table(`Slots of ${name} by size`, COLUMNS, [...classes.map((one) => rowOf(history, name, one)), largeRow(its)], 'grid'),
  );
}

function rowOf(history: History, name: string, { size, used, free }: SizeClass): Row {
  const part = (shard: InspectedShard): number => {
    const its = shard.memory.classes.find((one) => one.size === size);
    return its === undefined ? 0 : its.used / (its.used + its.free);
  };
  return {
    key: String(size),
    cells: [
      label(textOf(bytes(size))),
      strip(`Part of the slots of ${textOf(bytes(size))} in use in the last minute`, history.values(name, part)),
      quantity(count(used), used, ' slots'),
      quantity(count(free), free, ' slots'),
      quantity(bytes(used * size), used * size, ' bytes'),
    ],
  };
}

/** What is larger than the largest slot has pages of its own. */
function largeRow({ used, classes }: InspectedShard['memory']): Row {
  const large = Math.max(0, used - classes.reduce((sum, one) => sum + one.size * one.used, 0));
  return { key: 'large', kind: 'total', cells: [label('larger'), h('span'), h('span'), h('span'), quantity(bytes(large), large, ' bytes')] };
}
