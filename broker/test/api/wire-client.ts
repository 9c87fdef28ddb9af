// A client that sends any request in any version, and decodes the answer by the layouts of the protocol.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Broker } from 'corebuf-broker';
import { IoBuf } from 'corebuf';
import type { ApiLayout, Decoded, Encodable, Layout } from '../../protocol/layout';
import { isFlexible, readBody, sourceOf, writeBody } from '../../protocol/messages';

const API_VERSIONS = 18;

export class WireClient {
  readonly #socket: Socket;
  readonly #input = new IoBuf();
  /** Chains that answers refer to. */
  readonly #kept: IoBuf[] = [];
  #isClosed = false;
  #onChange: () => void = () => undefined;
  #lastId = 0;
  #answered = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#input.append(chunk);
      this.#onChange();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#onChange();
    });
  }

  static async to({ address }: Broker): Promise<WireClient> {
    const socket = connect(address.port, address.host);
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  /** Sends a request without waiting for an answer. Chains in `body` are taken. */
  send<Q extends Layout, P extends Layout>(api: ApiLayout<Q, P>, version: number, body: Encodable<Q>): void {
    using frame = new IoBuf().appendInt16BE(api.key).appendInt16BE(version).appendInt32BE(++this.#lastId).appendInt16BE(-1);
    if (isFlexible(api, version)) frame.appendUVarint(0);
    writeBody(frame, api, api.request, version, body);
    frame.prependUInt32BE(frame.length);
    this.#socket.write(frame.toBuffer());
  }

  /** Sends what `send` sends in one write. */
  together(send: () => void): void {
    this.#socket.cork();
    send();
    this.#socket.uncork();
  }

  /** Sends bytes that are no request. */
  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Chains in the answer live until the client is closed. @throws when the broker closes the connection */
  async call<Q extends Layout, P extends Layout>(api: ApiLayout<Q, P>, version: number, body: Encodable<Q>): Promise<Decoded<P>> {
    this.send(api, version, body);
    return this.nextAnswer(api, version);
  }

  /** The answer to the first request that has none yet. @throws as call() */
  async nextAnswer<Q extends Layout, P extends Layout>(api: ApiLayout<Q, P>, version: number): Promise<Decoded<P>> {
    using frame = await this.#nextFrame();
    const source = sourceOf(frame);
    if (source.reader.readInt32BE() !== this.#answered + 1) throw new Error('answers must come in the order of their requests');
    this.#answered++;
    if (isFlexible(api, version) && api.key !== API_VERSIONS) source.reader.readUVarint();
    const answer = readBody(source, api, api.response, version);
    this.#kept.push(...source.shared);
    return answer;
  }

  /** The first request that has no answer yet gets none. */
  skipAnswer(): void {
    this.#answered++;
  }

  /** Reads nothing until resume(). */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async untilClosed(): Promise<void> {
    while (!this.#isClosed) await this.#change();
  }

  close(): void {
    this.#socket.destroy();
    for (const chain of [this.#input, ...this.#kept]) chain.release();
  }

  async #nextFrame(): Promise<IoBuf> {
    for (;;) {
      const length = this.#input.length < 4 ? Infinity : this.#input.reader().readInt32BE();
      if (this.#input.length >= 4 + length) return this.#input.trimFront(4).takeFront(length);
      if (this.#isClosed) throw new Error('the broker has closed the connection');
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#onChange = resolve));
  }
}
