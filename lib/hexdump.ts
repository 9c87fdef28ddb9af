// Bytes for people: sixteen to a line, with where they lie and what they are in ASCII, as `hexdump -C` shows them.
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
