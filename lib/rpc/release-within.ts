// Releases the chains of values that have arrived from another shard, or were to be sent there, and that no reader will get.
import { DmaBuffer } from '../buffer/dma-buffer.js';
import { IoBuf } from '../iobuf/iobuf.js';

/** Releases all chains of the value. A stream in it is stopped. */
export function releaseWithin(value: unknown): void {
  if (value instanceof IoBuf || value instanceof DmaBuffer) return value.release();
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (Symbol.asyncIterator in value) return void (value as AsyncGenerator).return(undefined);
  for (const item of Object.values(value)) releaseWithin(item);
}
