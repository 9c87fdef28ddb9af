// SASL/PLAIN (RFC 4616): the client sends its name and its password. Without TLS everyone on the way can read them.
import { LoginError, wrongCredentials } from './exchange.js';
import type { Exchange } from './exchange.js';
import { isPassword } from './users.js';
import type { Users } from './users.js';

export class PlainExchange implements Exchange {
  readonly #users: Users;
  isDone = false;

  constructor(users: Users) {
    this.#users = users;
  }

  async next(message: Buffer): Promise<Buffer> {
    const parts = message.toString('utf8').split('\0');
    if (parts.length !== 3) throw new LoginError('Authentication failed: a message of PLAIN has three parts, with zero bytes between them');
    const [actingAs, name, password] = parts as [string, string, string];
    const user = this.#users.get(name);
    if (user === undefined || !(await isPassword(password, user))) throw wrongCredentials('PLAIN');
    if (actingAs !== '' && actingAs !== name) throw new LoginError('Authentication failed: a client can act only as the user that it logs in as');
    this.isDone = true;
    return Buffer.alloc(0);
  }
}
