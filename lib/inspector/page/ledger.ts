// Bytes that were copied, shared and moved.
import type { InspectedShard } from '../sample-types.js';
import type { Pick } from './history.js';
import type { History } from './history.js';
import { bytes, bytesPerSecond } from './format.js';
import { empty, label, number, quantity, table, text } from './table.js';
import type { Row } from './table.js';

const KINDS: readonly { readonly title: string; readonly pick: Pick }[] = [
  ...['append', 'copyTo', 'toBuffer', 'message', 'receive'].map((place) => ({ title: place, pick: (shard: InspectedShard) => shard.ledger.copied[place] ?? 0 })),
  { title: 'shared', pick: (shard) => shard.ledger.shared },
  { title: 'moved', pick: (shard) => shard.ledger.moved },
];
const COLUMNS = [text('Shard'), ...KINDS.map(({ title }) => number(title))];

export function ledger(history: History): HTMLElement {
  const { shards } = history;
  if (shards.length === 0) return empty('No shard has counted a byte.');
  return table('Ledger', COLUMNS, [...shards.map(rowOf), total(shards), rates(history)]);
}

function rowOf(shard: InspectedShard): Row {
  return { key: shard.name, cells: [label(shard.name), ...KINDS.map(({ pick }) => quantity(bytes(pick(shard)), pick(shard), ' bytes'))] };
}

function total(shards: readonly InspectedShard[]): Row {
  const sums = KINDS.map(({ pick }) => shards.reduce((sum, shard) => sum + pick(shard), 0));
  return { key: 'all', kind: 'total', cells: [label('all'), ...sums.map((sum) => quantity(bytes(sum), sum, ' bytes'))] };
}

function rates(history: History): Row {
  const sums = KINDS.map(({ pick }) => {
    const known = history.shards.map(({ name }) => history.rate(name, pick)).filter((rate) => rate !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0);
  });
  return { key: 'rate', kind: 'total', cells: [label('now'), ...sums.map((sum) => quantity(bytesPerSecond(sum)))] };
}
