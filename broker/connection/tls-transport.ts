// TLS over a connection, by node:tls. Requests are copied into the shard's memory when they have been decrypted, and answers out of it.
import type { SecureContext, TLSSocket } from 'node:tls';
import { IoBuf } from 'corebuf';
import type { Connection } from 'corebuf';
import { MalformedError } from '../protocol/primitives.js';
import { nodeTls } from '../security/node-modules.js';
import { LENGTH_BYTES, lengthAtFront, UNSENT_MAX } from './transport.js';
import type { AnswerPlace, Transport, TransportListener } from './transport.js';

/** Milliseconds within which a client must have shaken hands. */
const HANDSHAKE_MS = 30_000;

/** An answer in the order of all answers: not there yet, or there, or none. */
interface Slot {
  isSettled: boolean;
  frame: IoBuf | undefined;
}

export class TlsTransport implements Transport {
  readonly #connection: Connection;
  readonly #socket: TLSSocket;
  readonly #input = new IoBuf();
  #answers: Slot[] = [];
  #isEnding = false;
  #isClosed = false;

  constructor(connection: Connection, secureContext: SecureContext) {
    this.#connection = connection;
    this.#socket = new (nodeTls().TLSSocket)(connection.stream(), { isServer: true, secureContext });
  }

  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress;
  }

  get bytesReceived(): number {
    return this.#connection.bytesRead;
  }

  get nextLength(): number {
    return lengthAtFront(this.#input);
  }

  begin(listener: TransportListener): void {
    const timer = setTimeout(() => this.destroy(), HANDSHAKE_MS).unref();
    this.#socket
      .once('secure', () => clearTimeout(timer))
      .on('data', (bytes: Buffer) => this.#receive(bytes, listener))
      .on('drain', () => listener.onDrain())
      // A client that ends, or whose bytes are no TLS, loses its connection; nobody else need know.
      .on('end', () => this.destroy())
      .on('error', () => this.destroy());
    this.#connection.once('close', () => {
      clearTimeout(timer);
      this.#release();
      listener.onClose();
    });
  }

  takeFrames(maxLength: number): IoBuf[] {
    const frames: IoBuf[] = [];
    while (this.#input.length >= LENGTH_BYTES) {
      const length = lengthAtFront(this.#input);
      if (length < 0 || length > maxLength) throw new MalformedError(`a request must have 0 to ${maxLength} bytes, this one has ${length}`);
      if (this.#input.length < LENGTH_BYTES + length) break;
      this.#input.trimFront(LENGTH_BYTES);
      frames.push(this.#input.takeFront(length));
    }
    return frames;
  }

  reserve(): AnswerPlace {
    const slot: Slot = { isSettled: false, frame: undefined };
    this.#answers.push(slot);
    return { fill: (frame) => this.#settle(slot, frame), cancel: () => void this.#settle(slot, undefined) };
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#isEnding = true;
    this.#sendSettled();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#connection.destroy();
  }

  #receive(bytes: Buffer, listener: TransportListener): void {
    if (this.#isClosed) return;
    try {
      this.#input.append(bytes);
    } catch {
      return this.destroy(); // There is no memory for what this client sends.
    }
    listener.onInput();
  }

  #settle(slot: Slot, frame: IoBuf | undefined): boolean {
    if (slot.isSettled) return true;
    slot.isSettled = true;
    if (this.#isClosed) {
      frame?.release();
      return false;
    }
    slot.frame = frame;
    this.#sendSettled();
    return this.#socket.writableLength < UNSENT_MAX;
  }

  #sendSettled(): void {
    this.#socket.cork();
    for (let first = this.#answers[0]; first?.isSettled === true; first = this.#answers[0]) {
      this.#answers.shift();
      if (first.frame === undefined) continue;
      this.#socket.write(first.frame.toBuffer());
      first.frame.release();
    }
    this.#socket.uncork();
    if (this.#isEnding && this.#answers.length === 0) this.#socket.end(() => this.destroy());
  }

  #release(): void {
    this.#isClosed = true;
    this.#input.release();
    for (const { frame } of this.#answers) frame?.release();
    this.#answers = [];
  }
}
