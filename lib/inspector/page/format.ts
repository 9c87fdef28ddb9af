// Numbers for people: counts exactly, sizes and durations with three digits and a unit. All functions return the two apart, so that digits stand below each other.

/** A number as text, and its unit, which may be empty. */
export interface Quantity {
  readonly digits: string;
  readonly unit: string;
}

/** Shown where there is no number yet. */
export const NONE: Quantity = { digits: '–', unit: '' };

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const whole = new Intl.NumberFormat('en');

/** Exactly, as in 12,345. */
export function count(value: number | undefined): Quantity {
  return value === undefined ? NONE : { digits: whole.format(value), unit: '' };
}

export function bytes(value: number | undefined): Quantity {
  if (value === undefined) return NONE;
  let [scaled, power] = [value, 0];
  for (; scaled >= (power === 0 ? 1024 : 1023.5) && power < BYTES.length - 1; power++) scaled /= 1024;
  return { digits: power === 0 ? whole.format(Math.round(value)) : threeDigits(scaled), unit: BYTES[power]! };
}

/** A number of events in a second. */
export function perSecond(value: number | undefined): Quantity {
  if (value === undefined) return NONE;
  return { digits: value > 0 && value < 10 ? value.toFixed(1) : whole.format(Math.round(value)), unit: '/s' };
}

export function bytesPerSecond(value: number | undefined): Quantity {
  if (value === undefined) return NONE;
  const { digits, unit } = bytes(value);
  return { digits, unit: `${unit}/s` };
}

/** A duration, given in microseconds. */
export function duration(us: number | undefined): Quantity {
  if (us === undefined) return NONE;
  if (us < 1000) return { digits: threeDigits(us), unit: 'µs' };
  return us < 1e6 ? { digits: threeDigits(us / 1000), unit: 'ms' } : { digits: threeDigits(us / 1e6), unit: 's' };
}

export function percent(part: number | undefined): Quantity {
  return part === undefined ? NONE : { digits: (part * 100).toFixed(part < 0.0995 ? 1 : 0), unit: '%' };
}

/** A number of seconds as in 3 h 12 min. */
export function age(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function textOf({ digits, unit }: Quantity): string {
  return unit === '' ? digits : `${digits} ${unit}`;
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
