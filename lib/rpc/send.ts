// Hands encoded messages to C++: from the area that both languages see or, when a message is too large for that, from bytes of its own.
import { constants, native } from '../native/binding.js';
import { Encoder } from './encoder.js';
import type { Root } from './encoder.js';
import { OUT_OF_MEMORY } from '../native/results.js';
import { outgoingBody, outgoingWords } from '../native/shared-areas.js';
import { Handle } from '../buffer/handle.js';
import { reclaimUnlessChanged } from '../shard/memory-pressure.js';
import { state } from './state.js';

/** Words of `outgoing` (native/turn/exchange.h). */
export const words = {
  shard: constants.outgoingShard,
  incarnation: constants.outgoingIncarnation,
  method: constants.outgoingMethod,
  number: constants.outgoingNumber,
  length: constants.outgoingLength,
  chains: constants.outgoingTransfers,
  token: constants.outgoingToken,
  status: constants.outgoingStatus,
} as const;

/** The native functions for one kind of message. */
export interface Transport {
  readonly shared: () => number;
  readonly large: (encoded: Uint8Array) => number;
}

export const SEND: Transport = { shared: () => native.send(), large: (encoded) => native.sendLarge(encoded) };
export const REPLY: Transport = { shared: () => native.reply(), large: (encoded) => native.replyLarge(encoded) };

/** Ends the placeholders of a chain that moves with a message (Handle.endWatch). */
const CALL = 'a call to another shard';

/** A message that can be submitted. */
export interface EncodedMessage {
  /** The encoding; undefined when it is in the shared area. */
  readonly large: Uint8Array | undefined;
  /** Bytes of the encoding. */
  readonly length: number;
  /** Chains that move with the message. */
  readonly handles: readonly Handle[];
}

/**
 * An encoder with `value` encoded. It belongs to its caller until releaseEncoder(): code of the caller's may make other calls meanwhile,
 * and these get other encoders.
 */
export function encode(value: unknown, root: Root, shares = false): Encoder {
  const encoder = state.spareEncoder ?? new Encoder();
  state.spareEncoder = undefined;
  try {
    encoder.encode(value, root, shares);
    return encoder;
  } catch (error) {
    releaseEncoder(encoder);
    throw error;
  }
}

/** Call this once nothing of the encoding is needed any more: the next call writes over it. */
export function releaseEncoder(encoder: Encoder): void {
  state.spareEncoder = encoder;
}

export function messageIn({ writer, transfers }: Encoder): EncodedMessage {
  return { large: writer.large, length: writer.length, handles: transfers.handles };
}

/** Writes the words that say where a message goes. */
export type WriteAddress = () => void;

/** Submits a message whose address has been written. Returns 0, OUT_OF_MEMORY (nothing has moved) or SHARD_GONE (its chains are released). */
export function submit({ large, length, handles }: EncodedMessage, transport: Transport): number {
  outgoingWords[words.length] = large === undefined ? length : 0;
  outgoingWords[words.chains] = handles.length;
  // Their slots grow down from the end of the area.
  for (let at = 0; at < handles.length; at++) {
    const handle = handles[at]!;
    outgoingWords[outgoingWords.length - 1 - at] = handle.slot('chain');
    handle.endWatch(CALL);
  }
  return large === undefined ? transport.shared() : transport.large(large);
}

/**
 * Submits a message again after memory ran out and some has been given back. Listeners of pressure may have made calls of their own, which
 * use the shared area: so the encoding is copied before, and the address is written again after.
 */
export function resubmit(message: EncodedMessage, transport: Transport, writeAddress: WriteAddress): number {
  const { length, handles } = message;
  const large = message.large ?? Buffer.from(outgoingBody.subarray(0, length));
  if (!reclaimUnlessChanged(handles)) return OUT_OF_MEMORY;
  writeAddress();
  return submit({ large, length, handles }, transport);
}

/** Moves the chain of `from`, which is gone then, to a handle of its own. */
export function moved(from: Handle): Handle {
  const to = new Handle();
  from.endWatch(CALL);
  native.take(to.slot('chain'), from.slot('chain'));
  from.forget();
  return to;
}
