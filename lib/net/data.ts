// What a program writes to a connection, made ready to be sent. Getters of its own run in sourceOf() and listeners of memory pressure in copying: either
// may use the connection, so its state is looked at behind them.
import { bytesOf } from '../base/bytes.js';
import type { Bytes } from '../base/bytes.js';
import { Handle } from '../buffer/handle.js';
import { appendTo, moveInto, TEXT_BYTES_OR_CHAIN } from '../iobuf/append-bytes.js';
import { iobufHandle, isIobuf } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';

/** Ends the placeholders of a chain that is written (Handle.endWatch). */
export const WRITE = 'a write to a connection';

export type Data = IoBuf | Bytes | string;

/** The handle of a chain, which is moved; or what is copied. */
export type Source = Handle | Uint8Array | string;

/** @throws TypeError for other data */
export function sourceOf(data: Data): Source {
  if (typeof data === 'string') return data;
  if (typeof data === 'object' && data !== null && isIobuf(data)) return iobufHandle(data);
  return bytesOf('data', data, TEXT_BYTES_OR_CHAIN);
}

/** A handle with what `source` holds. @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, and then `source` is as before */
export function chainOf(source: Source): Handle {
  const chain = new Handle();
  try {
    if (source instanceof Handle) moveInto(chain, source, WRITE);
    else appendTo(chain, source);
    return chain;
  } catch (error) {
    chain.release();
    throw error;
  }
}
