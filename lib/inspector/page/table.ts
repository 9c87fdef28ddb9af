// Tables: columns with units that stand below each other, which become a list of cards on a narrow screen.
import type { Child } from './dom.js';
import { h } from './dom.js';
import type { Quantity } from './format.js';

export interface Column {
  readonly title: string;
  /** Cells of text or of a picture begin at the left; numbers end at the right. */
  readonly kind: 'text' | 'number' | 'picture';
}

export interface Row {
  /** Makes the row the same one in the next sample. */
  readonly key: string;
  readonly cells: readonly Node[];
  readonly kind?: 'gone' | 'total' | undefined;
}

export function text(title: string): Column {
  return { title, kind: 'text' };
}

export function number(title: string): Column {
  return { title, kind: 'number' };
}

export function picture(title: string): Column {
  return { title, kind: 'picture' };
}

/** The first cell of each row is its header. A 'list' becomes cards on a narrow screen; a 'grid' stays a table. */
export function table(label: string, columns: readonly Column[], rows: readonly Row[], kind: 'list' | 'grid' = 'list'): HTMLElement {
  const titles = columns.map(({ title, kind }) => h('th', { scope: 'col', class: kind }, title));
  return h('table', { class: kind, 'aria-label': label }, h('thead', {}, h('tr', {}, ...titles)), h('tbody', {}, ...rows.map((row) => lineOf(row, columns))));
}

function lineOf({ key, cells, kind }: Row, columns: readonly Column[]): HTMLElement {
  const line = cells.map((cell, at) => {
    const column = columns[at]!;
    return at === 0
      ? h('th', { scope: 'row', class: column.kind }, cell)
      : h('td', { class: column.kind, 'data-title': column.title }, cell);
  });
  return h('tr', { 'data-key': key, class: kind }, ...line);
}

/** A number with its unit. `exact` is told when the pointer rests on it. */
export function quantity({ digits, unit }: Quantity, exact?: number, unitOfExact = ''): HTMLElement {
  const title = exact === undefined ? undefined : `${exact.toLocaleString('en')}${unitOfExact}`;
  const ofUnit = unit.endsWith('B/s') ? 'unit wide' : 'unit';
  return h('span', { class: 'quantity', title }, h('span', { class: 'digits' }, digits), unit === '' ? undefined : h('span', { class: ofUnit }, unit));
}

export function label(...content: readonly Child[]): HTMLElement {
  return h('span', { class: 'label' }, ...content);
}

export function empty(why: string): HTMLElement {
  return h('p', { class: 'empty' }, why);
}
