// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677): the client proves that it knows the password, and the broker that it knows it, too;
// nobody sends it. There is no channel binding.
import { LoginError, wrongCredentials } from './exchange.js';
import type { Exchange } from './exchange.js';
import { nodeCrypto } from './node-modules.js';
import { digest, hmac } from './users.js';
import type { Credential, Hash, Users } from './users.js';

const NONCE_BYTES = 24;
/** Begins with how the channel is bound, and whom the client wants to act as. */
const FIRST = /^(?<header>(?<binding>[ny]|p=[^,]*),(?:a=(?<actingAs>[^,]*))?,)(?<bare>n=(?<name>[^,]*),r=(?<nonce>[\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s;
const FINAL = /^(?<unproved>c=(?<header>[^,]*),r=(?<nonce>[^,]*)(?:,.*)?),p=(?<proof>[^,]*)$/s;

/** What the first message has decided. */
interface Begun {
  readonly credential: Credential;
  /** Header of the client's first message, which the second must repeat. */
  readonly header: string;
  readonly nonce: string;
  /** The messages so far, as both sides sign them. */
  readonly signed: string;
}

export class ScramExchange implements Exchange {
  readonly #hash: Hash;
  readonly #users: Users;
  readonly #serverNonce: string;
  #begun: Begun | undefined;
  isDone = false;

  constructor(hash: Hash, users: Users, serverNonce: string = nodeCrypto().randomBytes(NONCE_BYTES).toString('base64')) {
    this.#hash = hash;
    this.#users = users;
    this.#serverNonce = serverNonce;
  }

  next(message: Buffer): Buffer {
    const text = message.toString('utf8');
    return Buffer.from(this.#begun === undefined ? this.#first(text) : this.#final(text, this.#begun));
  }

  #first(text: string): string {
    const parts = FIRST.exec(text)?.groups;
    if (parts === undefined) throw malformed('first');
    const { header, binding, actingAs, bare, name, nonce: clientNonce } = parts as Record<string, string>;
    if (binding!.startsWith('p=')) throw new LoginError('Authentication failed: this broker has no channel binding');
    const user = this.#users.get(nameOf(name!));
    if (user === undefined) throw wrongCredentials(this.#mechanism);
    if (actingAs !== undefined && actingAs !== '' && actingAs !== name) {
      throw new LoginError('Authentication failed: a client can act only as the user that it logs in as');
    }
    const credential = user[this.#hash];
    const nonce = clientNonce! + this.#serverNonce;
    const answer = `r=${nonce},s=${Buffer.from(credential.salt).toString('base64')},i=${credential.iterations}`;
    this.#begun = { credential, header: header!, nonce, signed: `${bare},${answer}` };
    return answer;
  }

  #final(text: string, { credential, header, nonce, signed }: Begun): string {
    const parts = FINAL.exec(text)?.groups;
    // The end of the nonce counts, as for Kafka: librdkafka 2.0.2 writes the part of the client twice. The proof covers all of it.
    if (parts?.nonce?.endsWith(nonce) !== true || Buffer.from(parts.header!, 'base64').toString('utf8') !== header) throw malformed('final');
    const all = `${signed},${parts.unproved}`;
    const signature = hmac(this.#hash, credential.storedKey, all);
    const proof = Buffer.from(parts.proof!, 'base64');
    if (proof.length !== signature.length) throw wrongCredentials(this.#mechanism);
    const clientKey = proof.map((byte, at) => byte ^ signature[at]!);
    if (!nodeCrypto().timingSafeEqual(digest(this.#hash, clientKey), credential.storedKey)) throw wrongCredentials(this.#mechanism);
    this.isDone = true;
    return `v=${hmac(this.#hash, credential.serverKey, all).toString('base64')}`;
  }

  get #mechanism(): string {
    return `SCRAM-SHA-${this.#hash === 'sha256' ? 256 : 512}`;
  }
}

/** A name as the protocol writes it: `=2C` is a comma, `=3D` an equals sign. */
function nameOf(written: string): string {
  return written.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function malformed(which: 'first' | 'final'): LoginError {
  return new LoginError(`Authentication failed: the ${which} message is none of SCRAM`);
}
