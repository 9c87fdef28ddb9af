// As many bytes as follow on each other, so that any that are lost or twice there show.
import { DmaBuffer, IoBuf } from 'corebuf';

export function counting(length: number, from = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = ((from + at) * 7 + ((from + at) >> 8)) & 0xff;
  return bytes;
}

/** The same in memory that a disk may read. */
export function alignedCounting(length: number, from = 0): IoBuf {
  const block = DmaBuffer.alloc(length);
  block.bytes.set(counting(length, from));
  return new IoBuf().take(block);
}
