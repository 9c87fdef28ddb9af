// The bytes of one client as a session sees them: whole requests come, and answers leave in the order of their requests.
import type { Connection, IoBuf } from 'corebuf';

/** Bytes of answers that wait for one client to read them, above which no further request of it starts. */
export const UNSENT_MAX = 4 * 1024 * 1024;

/** Bytes in front of a frame that hold its length. */
export const LENGTH_BYTES = 4;

/** Place of an answer in the order of all answers. It must be filled or cancelled, because later ones wait for it. */
export interface AnswerPlace {
  /** Takes the frame. False when more than UNSENT_MAX bytes wait to be sent, or the connection has closed: onDrain() comes when there are fewer. */
  fill(frame: IoBuf): boolean;
  /** No answer. Harmless when the place has been filled. */
  cancel(): void;
}

export interface TransportListener {
  onInput(): void;
  onDrain(): void;
  onClose(): void;
}

export interface Transport {
  readonly remoteAddress: string | undefined;
  /** Number of bytes that have come so far, as the network counts them. */
  readonly bytesReceived: number;
  /** Length of the frame that has begun and is not whole; 0 when there is none, or its length has not come. */
  readonly nextLength: number;
  /** Tells `listener` what happens, from now on. */
  begin(listener: TransportListener): void;
  /** All whole frames that have come, without their lengths; the caller's to release. @throws for a length that is above `maxLength`, or none */
  takeFrames(maxLength: number): IoBuf[];
  reserve(): AnswerPlace;
  /** Receives nothing until resume(). */
  pause(): void;
  resume(): void;
  /** Closes the connection when all answers have been sent. */
  close(): void;
  destroy(): void;
}

/** Length of the frame at the front; 0 when it has not come whole. */
export function lengthAtFront(input: IoBuf): number {
  return input.length < LENGTH_BYTES ? 0 : input.reader().readInt32BE();
}

/** A connection without encryption: nothing is copied. */
export class PlainTransport implements Transport {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress;
  }

  get bytesReceived(): number {
    return this.#connection.bytesRead;
  }

  get nextLength(): number {
    return lengthAtFront(this.#connection.input);
  }

  begin(listener: TransportListener): void {
    this.#connection.once('close', () => listener.onClose());
    this.#connection.on('drain', () => listener.onDrain());
    this.#connection.onInput(() => listener.onInput());
  }

  takeFrames(maxLength: number): IoBuf[] {
    return this.#connection.takeFrames({ lengthBytes: LENGTH_BYTES, endian: 'BE', maxLength });
  }

  reserve(): AnswerPlace {
    return this.#connection.reserve();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    void this.#connection.close();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
