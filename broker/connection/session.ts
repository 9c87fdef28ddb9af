// The broker's side of one client's connection. Requests start in the order in which they arrive, and the next one starts as soon as the
// order of the one before is fixed, or it is answered; answers leave in the same order. What a client can make the broker hold is bounded: while too much is
// under way, its socket is not read.
import { IoBuf } from 'corebuf';
import { answerTooNew, apis } from '../api/apis.js';
import type { AnyApi, Call, Services } from '../api/api.js';
import { UnansweredError } from '../api/produce.js';
import { answerFrame, readBody, readClientId, readHeader, sourceOf } from '../protocol/messages.js';
import { MalformedError } from '../protocol/primitives.js';
import type { Source } from '../protocol/primitives.js';
import { LoginError } from '../security/exchange.js';
import { Login } from '../security/login.js';
import type { Users } from '../security/users.js';
import type { Holder, Intake } from './intake.js';
import type { AnswerPlace, Transport } from './transport.js';

/** Requests of one connection that are under way, at most. */
const REQUESTS_MAX = 64;
/** A request above this size needs room before more of it is received. */
const LARGE = 64 * 1024;

export interface SessionOptions {
  /** Length of a request in bytes, at most. A longer one closes the connection. */
  readonly requestBytesMax: number;
  /** Who may log in; undefined when nobody need. */
  readonly users: Users | undefined;
  /** Told of errors that nobody foresaw. */
  readonly onError: (error: unknown) => void;
}

export class Session implements Holder {
  readonly #transport: Transport;
  readonly #services: Services;
  readonly #intake: Intake;
  readonly #options: SessionOptions;
  readonly #login: Login | undefined;
  /** Ends the waits of requests: the connection has closed, or the broker drains it. */
  readonly #ending = new AbortController();
  /** Frames that have arrived and not started. */
  #frames: IoBuf[] = [];
  /** Length of the large request that is being received, and has room; 0: there is none. */
  #arriving = 0;
  /** Number of requests that have started and are not answered. */
  #underWay = 0;
  /** The request under way that must be answered before another one starts. */
  #barrier: Source | undefined;
  /** The client is behind with reading its answers. */
  #isBacklogged = false;
  #isPaused = false;
  /** Behind the frames stands no length of a request, so that none can be found there: nothing more is received. */
  #isUnreadable = false;
  #isDraining = false;
  #isClosed = false;
  readonly #goOn = (): void => this.#startAll();

  constructor(transport: Transport, services: Services, intake: Intake, options: SessionOptions) {
    this.#transport = transport;
    this.#services = services;
    this.#intake = intake;
    this.#options = options;
    this.#login = options.users === undefined ? undefined : new Login(options.users);
    transport.begin({ onInput: () => this.#receive(), onDrain: () => this.#goOnSending(), onClose: () => this.#close() });
  }

  /** Starts no further request, and closes the connection when the answers of those under way have left. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#ending.abort();
    this.#transport.close();
  }

  get bytesReceived(): number {
    return this.#transport.bytesReceived;
  }

  giveUp(): void {
    this.#transport.destroy();
  }

  #receive(): void {
    if (!this.#isUnreadable) this.#takeFrames();
    this.#startAll();
  }

  #takeFrames(): void {
    try {
      const frames = this.#transport.takeFrames(this.#options.requestBytesMax);
      this.#frames.push(...frames);
      if (frames.length > 0) this.#endArriving();
    } catch {
      this.#isUnreadable = true;
    }
  }

  #goOnSending(): void {
    this.#isBacklogged = false;
    this.#startAll();
  }

  #startAll(): void {
    while (this.#frames.length > 0 && this.#mayStart()) this.#start(this.#frames.shift()!);
    if (this.#isClosed) return;
    const hasWaiting = this.#frames.length > 0;
    const lacksRoom = !hasWaiting && !this.#hasRoomForNext();
    if (this.#isUnreadable && !hasWaiting) this.drain();
    if (lacksRoom || (hasWaiting && this.#intake.isFull)) this.#intake.wait(this.#goOn);
    this.#setPaused(hasWaiting || lacksRoom || this.#isUnreadable);
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#transport.pause();
    else this.#transport.resume();
  }

  /** Whether the request that is being received may go on. */
  #hasRoomForNext(): boolean {
    if (this.#arriving > 0 || this.#isUnreadable) return true;
    const length = this.#transport.nextLength;
    if (length < 0 || length > this.#options.requestBytesMax) this.#isUnreadable = true;
    if (length <= LARGE || this.#isUnreadable) return true;
    if (!this.#intake.tryArrive(length, this)) return false;
    this.#arriving = length;
    return true;
  }

  #endArriving(): void {
    if (this.#arriving === 0) return;
    const length = this.#arriving;
    this.#arriving = 0;
    this.#intake.arrived(length, this);
  }

  #mayStart(): boolean {
    if (this.#isDraining || this.#isClosed || this.#isBacklogged || this.#barrier !== undefined) return false;
    // What a client may ask behind a login depends on its outcome.
    const most = this.#login === undefined || this.#login.isDone ? REQUESTS_MAX : 1;
    return this.#underWay < most && !this.#intake.isFull;
  }

  #start(frame: IoBuf): void {
    const { length } = frame;
    const source = sourceOf(frame);
    this.#intake.begin(length);
    this.#underWay++;
    void this.#serve(source, this.#transport.reserve(), length);
    // Record batches are references of their own.
    frame.release();
  }

  async #serve(source: Source, place: AnswerPlace, length: number): Promise<void> {
    try {
      await this.#dispatch(source, place);
    } catch (error) {
      this.#fail(error);
    }
    for (const records of source.shared) records.release();
    place.cancel();
    if (this.#barrier === source) this.#barrier = undefined;
    this.#underWay--;
    this.#intake.end(length);
    this.#startAll();
  }

  /** The handler is called before this method returns: its order is the order of the requests. */
  async #dispatch(source: Source, place: AnswerPlace): Promise<void> {
    if (this.#login?.isUnwrapped === true) return this.#answer(place, await unwrappedAnswer(this.#login, source));
    const header = readHeader(source);
    const { apiKey, apiVersion, correlationId } = header;
    if (this.#login?.allows(apiKey) === false) throw new MalformedError(`api ${apiKey} is offered to those who have logged in`);
    const api = apis.get(apiKey);
    if (api === undefined || apiVersion < api.versions[0] || apiVersion > api.versions[1]) {
      return this.#answer(place, answerTooNew(header) ?? refuse(header));
    }
    const clientId = readClientId(source, api.layout, apiVersion);
    const request = readBody(source, api.layout, api.layout.request, apiVersion);
    const call = this.#call(api, apiVersion, clientId);
    if (api.isBarrier(request, call)) this.#barrier = source;
    const answer = await api.handle(request, call);
    if (answer !== undefined) this.#answer(place, answerFrame(api.layout, apiVersion, correlationId, answer));
    if (this.#login?.hasFailed === true) this.drain();
  }

  #answer(place: AnswerPlace, frame: IoBuf): void {
    if (!place.fill(frame)) this.#isBacklogged = true;
  }

  #call(api: AnyApi, version: number, clientId: string | null): Call {
    const clientHost = `/${this.#transport.remoteAddress ?? ''}`;
    const { key: apiKey } = api.layout;
    return { apiKey, version, clientId: clientId ?? '', clientHost, login: this.#login, signal: this.#ending.signal, services: this.#services };
  }

  /**
   * A client whose bytes are no request, or whose request failed in a way that has no answer, loses its connection; first it gets the answers to
   * its other requests, or it would send again what has been done.
   */
  #fail(error: unknown): void {
    const isForeseen = [MalformedError, UnansweredError, LoginError].some((kind) => error instanceof kind) || this.#ending.signal.aborted;
    if (!isForeseen) this.#options.onError(error);
    this.drain();
  }

  #close(): void {
    this.#isClosed = true;
    this.#ending.abort();
    this.#intake.forget(this.#goOn);
    this.#endArriving();
    for (const frame of this.#frames) frame.release();
    this.#frames = [];
  }
}

/** Before SaslAuthenticate, clients sent the messages of the mechanism as frames. One that fails has no answer. @throws LoginError */
async function unwrappedAnswer(login: Login, { reader }: Source): Promise<IoBuf> {
  const answer = await login.next(Buffer.from(reader.readBytes(reader.remaining)));
  return new IoBuf().appendInt32BE(answer.length).append(answer);
}

function refuse({ apiKey, apiVersion }: { apiKey: number; apiVersion: number }): never {
  throw new MalformedError(`api ${apiKey} version ${apiVersion} is not offered`);
}
