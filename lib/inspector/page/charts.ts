// Small pictures of numbers. Each has a text for those who do not see it.
import type { Attributes } from './dom.js';
import { s } from './dom.js';
import { SAMPLES_MAX } from './history.js';

const HEIGHT = 24;
/** Steps of darkness above none. */
export const LEVELS = 6;

function picture(label: string, width: number, height: number, kind: string, ...parts: readonly SVGElement[]): SVGElement {
  const attributes: Attributes = { class: `chart ${kind}`, role: 'img', 'aria-label': label, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' };
  return s('svg', attributes, ...parts);
}

/** The course of a value in the last minute. `top` is the value at the upper edge, at least; gaps are values that are undefined. */
export function area(label: string, values: readonly (number | undefined)[], top = 0): SVGElement {
  const most = Math.max(top, 1e-9, ...values.map((value) => value ?? 0));
  const left = SAMPLES_MAX - values.length;
  const y = (value: number | undefined): string => (HEIGHT - 1 - ((value ?? 0) / most) * (HEIGHT - 2)).toFixed(1);
  const points = values.map((value, at) => `${left + at + 0.5},${y(value)}`);
  if (points.length === 1) points.unshift(`${left},${y(values[0])}`);
  const outline = `M${left},${HEIGHT} ${points.length === 0 ? '' : `L${points.join(' ')} L${SAMPLES_MAX - 0.5},${HEIGHT}`} Z`;
  const line = s('polyline', { class: 'line', points: points.join(' '), 'vector-effect': 'non-scaling-stroke' });
  return picture(label, SAMPLES_MAX, HEIGHT, 'area', s('path', { class: 'fill', d: outline }), line);
}

/** The last minute as a strip; values are parts from 0 to 1. Neighbours of one darkness are one rectangle. */
export function strip(label: string, values: readonly number[]): SVGElement {
  const parts: SVGElement[] = [];
  let start = 0;
  values.forEach((value, at) => {
    const level = levelOf(value);
    if (at + 1 < values.length && levelOf(values[at + 1]!) === level) return;
    parts.push(s('rect', { x: SAMPLES_MAX - values.length + start, width: at + 1 - start, height: 1, 'data-level': level }));
    start = at + 1;
  });
  return picture(label, SAMPLES_MAX, 1, 'strip', ...parts);
}

/** How often each bucket occurred; the highest bar is as high as the picture. */
export function bars(label: string, counts: readonly number[]): SVGElement {
  const most = Math.max(1, ...counts);
  const parts = counts.map((value, at) => {
    // What occurred at all is seen.
    const height = value === 0 ? 0 : Math.max(1.5, (value / most) * HEIGHT);
    return s('rect', { x: at + 0.1, y: (HEIGHT - height).toFixed(1), width: 0.8, height: height.toFixed(1) });
  });
  return picture(label, counts.length, HEIGHT, 'bars', ...parts);
}

/** Parts of a whole, side by side; each has a class and its length from 0 to 1. */
export function meter(label: string, lengths: Readonly<Record<string, number>>): SVGElement {
  let x = 0;
  const parts = Object.entries(lengths).map(([kind, length]) => {
    const part = s('rect', { class: kind, x: x.toFixed(2), width: (length * 100).toFixed(2), height: 1 });
    x += length * 100;
    return part;
  });
  return picture(label, 100, 1, 'meter', ...parts);
}

/** Darkness of a part from 0 to 1: 0 for nothing at all, then 1 to LEVELS. */
export function levelOf(part: number): number {
  return part <= 0 ? 0 : Math.min(LEVELS, 1 + Math.floor(part * LEVELS));
}
