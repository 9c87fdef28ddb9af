// The users of a broker. Of a password only what RFC 5802 has a server keep is kept: enough to check a client, not enough to log in as one.
import { promisify } from 'node:util';
import { nodeCrypto } from './node-modules.js';

export type Hash = 'sha256' | 'sha512';

/** A password as one hash function sees it. */
export interface Credential {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Hash of the key that proves the client. */
  readonly storedKey: Uint8Array;
  /** Key that proves the server. */
  readonly serverKey: Uint8Array;
}

export type User = Readonly<Record<Hash, Credential>>;

/** Users by their names: plain data, which the shards are sent. */
export type Users = ReadonlyMap<string, User>;

/** The least that RFC 7677 allows, and what Kafka takes. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;

/** Costs some milliseconds of the thread pool for each user. Passwords are taken as UTF-8, without further preparation, as Kafka takes them. */
export async function usersOf(passwords: Readonly<Record<string, string>>): Promise<Users> {
  const users = Object.entries(passwords).map(async ([name, password]): Promise<[string, User]> => {
    const [sha256, sha512] = await Promise.all([credentialOf(password, 'sha256'), credentialOf(password, 'sha512')]);
    return [name, { sha256, sha512 }];
  });
  return new Map(await Promise.all(users));
}

export async function credentialOf(password: string, hash: Hash, salt: Uint8Array = nodeCrypto().randomBytes(SALT_BYTES), iterations = ITERATIONS): Promise<Credential> {
  const salted = await saltedPassword(password, hash, salt, iterations);
  return { salt, iterations, storedKey: digest(hash, hmac(hash, salted, 'Client Key')), serverKey: hmac(hash, salted, 'Server Key') };
}

/** Whether this is the password. Takes as long for a wrong one. */
export async function isPassword(password: string, { sha256: { salt, iterations, storedKey } }: User): Promise<boolean> {
  const { storedKey: given } = await credentialOf(password, 'sha256', salt, iterations);
  return nodeCrypto().timingSafeEqual(given, storedKey);
}

export function hmac(hash: Hash, key: Uint8Array, text: string): Buffer {
  return nodeCrypto().createHmac(hash, key).update(text).digest();
}

export function digest(hash: Hash, bytes: Uint8Array): Buffer {
  return nodeCrypto().createHash(hash).update(bytes).digest();
}

function saltedPassword(password: string, hash: Hash, salt: Uint8Array, iterations: number): Promise<Buffer> {
  return promisify(nodeCrypto().pbkdf2)(password, salt, iterations, hash === 'sha256' ? 32 : 64, hash);
}
