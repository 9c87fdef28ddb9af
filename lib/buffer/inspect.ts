// How chains and buffers look in console.log and util.inspect: as objects of their class, with their first bytes as Buffer shows its own.
import { INSPECT_MAX_BYTES } from 'node:buffer';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';

/** `first` copies or shows so many bytes from the front. */
export function inspected(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  length: number,
  first: (length: number) => Uint8Array,
  depth: number | null,
  options: InspectOptionsStylized,
): string {
  if (depth !== null && depth < 0) return options.stylize(`[${name}]`, 'special');
  const shown = Math.min(length, INSPECT_MAX_BYTES);
  const octets = Buffer.from(first(shown)).toString('hex').replace(/..(?=.)/g, '$& ');
  const text = `<${octets}${length > shown ? `${shown > 0 ? ' ' : ''}… ${length - shown} more` : ''}>`;
  return `${name} ${inspect({ ...fields, bytes: { [inspect.custom]: () => text } }, { ...options, depth })}`;
}

// ── hexdump: sixteen bytes to a line, with their offset and what they are in ASCII, as `hexdump -C` shows them ──

const LINE = 16;
const HALF = LINE / 2;

/** The line at the end says how many of the `total` bytes were left out. */
export function hexdump(bytes: Buffer, total: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) lines.push(lineOf(bytes.subarray(at, at + LINE), at));
  const left = total - bytes.length;
  if (left > 0) lines.push(`… ${left} more ${left === 1 ? 'byte' : 'bytes'}`);
  return lines.join('\n');
}

function lineOf(bytes: Buffer, offset: number): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const halves = `${hex.slice(0, HALF).join(' ')}  ${hex.slice(HALF).join(' ')}`.padEnd(LINE * 3);
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${offset.toString(16).padStart(8, '0')}  ${halves}  |${text}|`;
}
