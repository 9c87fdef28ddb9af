// The login of one connection: until it has succeeded, a client may ask for the versions of the APIs and log in, and nothing else.
import { LoginOrderError } from './exchange.js';
import type { Exchange } from './exchange.js';
import { PlainExchange } from './plain.js';
import { ScramExchange } from './scram.js';
import type { Users } from './users.js';

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
/** First version of SaslHandshake behind which messages of the mechanism are requests. Before it they are frames of their own. */
const WRAPPED_SINCE = 1;

const mechanisms: Readonly<Record<string, (users: Users) => Exchange>> = {
  'PLAIN': (users) => new PlainExchange(users),
  'SCRAM-SHA-256': (users) => new ScramExchange('sha256', users),
  'SCRAM-SHA-512': (users) => new ScramExchange('sha512', users),
};

export class Login {
  static readonly mechanisms: readonly string[] = Object.keys(mechanisms);
  readonly #users: Users;
  #exchange: Exchange | undefined;
  #isUnwrapped = false;
  #hasFailed = false;

  constructor(users: Users) {
    this.#users = users;
  }

  get isDone(): boolean {
    return this.#exchange?.isDone === true;
  }

  /** The client is told why, and its connection is closed behind that. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether the next frame is a message of the mechanism, and no request. */
  get isUnwrapped(): boolean {
    return this.#isUnwrapped && !this.isDone;
  }

  /** Whether a request for this API may be answered now. */
  allows(apiKey: number): boolean {
    return this.isDone || apiKey === API_VERSIONS || apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE;
  }

  /** The client has chosen a mechanism. False when there is no such mechanism. @throws LoginOrderError when it has chosen one before */
  begin(mechanism: string, version: number): boolean {
    if (this.#exchange !== undefined || this.#hasFailed) throw this.#outOfOrder('a handshake has come before');
    const make = Object.hasOwn(mechanisms, mechanism) ? mechanisms[mechanism] : undefined;
    if (make === undefined) {
      this.#hasFailed = true;
      return false;
    }
    this.#exchange = make(this.#users);
    this.#isUnwrapped = version < WRAPPED_SINCE;
    return true;
  }

  /** The answer to the next message of the client. @throws LoginError */
  async next(message: Buffer): Promise<Buffer> {
    if (this.#exchange === undefined || this.isDone || this.#hasFailed) throw this.#outOfOrder('a handshake must come first');
    try {
      return await this.#exchange.next(message);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** A login that has succeeded holds whatever comes later. */
  #outOfOrder(rule: string): LoginOrderError {
    this.#hasFailed = !this.isDone;
    return new LoginOrderError(this.isDone ? 'this connection has logged in before' : rule);
  }
}
