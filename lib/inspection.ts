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
