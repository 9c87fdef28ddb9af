// Amounts of memory as texts, such as '512MiB'.
import { invalidRange, invalidType } from './arguments.js';

const units: Record<string, number> = {
  '': 1, b: 1,
  k: 2 ** 10, kb: 1e3, kib: 2 ** 10,
  m: 2 ** 20, mb: 1e6, mib: 2 ** 20,
  g: 2 ** 30, gb: 1e9, gib: 2 ** 30,
  t: 2 ** 40, tb: 1e12, tib: 2 ** 40,
};

/**
 * Returns a number of bytes for '512MiB', '1.5 GiB', '64k' or a number. kB, MB and GB are powers of 1000; k, M, G and KiB, MiB, GiB are powers of
 * 1024. The result is at least `least`. @throws TypeError, RangeError, which name the argument `name`
 */
export function parseByteSize(name: string, value: number | string, least: number): number {
  if (typeof value !== 'number' && typeof value !== 'string') throw invalidType(name, 'a number of bytes or a string', value);
  const bytes = typeof value === 'number' ? value : parse(value);
  if (!Number.isFinite(bytes) || bytes < least || bytes > Number.MAX_SAFE_INTEGER) {
    throw invalidRange(name, `an amount of memory of at least ${formatByteSize(least)}, such as '512MiB'`, value);
  }
  return Math.floor(bytes);
}

function parse(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = units[match?.[2]?.toLowerCase() ?? '?'];
  return match === null || unit === undefined ? NaN : Number(match[1]) * unit;
}

/** Text for a number of bytes, such as '1.5 GiB': at most one decimal. */
export function formatByteSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let value = bytes;
  while (value >= 1024 && at < names.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${names[at]}`;
}
