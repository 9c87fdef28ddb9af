// The messages of SCRAM: the examples of the standards, and messages that are none.
import { pbkdf2Sync } from 'node:crypto';
import { LoginError } from '../../security/exchange';
import { PlainExchange } from '../../security/plain';
import { ScramExchange } from '../../security/scram';
import { credentialOf, hmac, usersOf } from '../../security/users';
import type { Hash, Users } from '../../security/users';

async function exchangeOf(hash: Hash, salt: string, serverNonce: string): Promise<ScramExchange> {
  const credential = await credentialOf('pencil', hash, Buffer.from(salt, 'base64'), 4096);
  return new ScramExchange(hash, new Map([['user', { sha256: credential, sha512: credential }]]), serverNonce);
}

function next(exchange: ScramExchange, message: string): string {
  return exchange.next(Buffer.from(message)).toString();
}

const NONCES = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ==';

test('the example of RFC 7677 ends as it says', async () => {
  const exchange = await exchangeOf('sha256', SALT, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  expect(next(exchange, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')).toBe(`r=${NONCES},s=${SALT},i=4096`);
  expect(exchange.isDone).toBe(false);
  expect(next(exchange, `c=biws,r=${NONCES},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`)).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  expect(exchange.isDone).toBe(true);
});

test('a client may write its part of the nonce twice, as librdkafka 2.0.2 does', async () => {
  const credential = await credentialOf('pencil', 'sha256', Buffer.from(SALT, 'base64'), 4096);
  const exchange = new ScramExchange('sha256', new Map([['user', { sha256: credential, sha512: credential }]]), 'server');
  const answer = next(exchange, 'n,,n=user,r=mine');
  const unproved = 'c=biws,r=minemineserver';
  const key = hmac('sha256', pbkdf2Sync('pencil', Buffer.from(SALT, 'base64'), 4096, 32, 'sha256'), 'Client Key');
  const signature = hmac('sha256', credential.storedKey, `n=user,r=mine,${answer},${unproved}`);
  next(exchange, `${unproved},p=${Buffer.from(key.map((byte, at) => byte ^ signature[at]!)).toString('base64')}`);
  expect(exchange.isDone).toBe(true);
});

test.each([
  ['a proof of another password', `c=biws,r=${NONCES},p=${Buffer.alloc(32).toString('base64')}`],
  ['a proof that is too short', `c=biws,r=${NONCES},p=AAAA`],
  ['another nonce', 'c=biws,r=rOprNGfwEbeRWgbNEkqO,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='],
  ['another header than before', `c=eSws,r=${NONCES},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`],
  ['no proof', `c=biws,r=${NONCES}`],
  ['nothing', ''],
])('%s is refused', async (_, message) => {
  const exchange = await exchangeOf('sha256', SALT, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
  next(exchange, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  expect(() => next(exchange, message)).toThrow(LoginError);
  expect(exchange.isDone).toBe(false);
});

test.each(['', 'n', 'n,,', 'n,,r=abc', 'n,,n=user', 'n,,n=nobody,r=abc', 'p=tls-unique,,n=user,r=abc', 'n,a=other,n=user,r=abc', 'n,,n=user,r=', 'm=x,n,,n=user,r=a'])(
  "a login does not begin with '%s'",
  async (message) => {
    const exchange = await exchangeOf('sha512', SALT, 'xyz');
    expect(() => next(exchange, message)).toThrow(LoginError);
  },
);

describe('names and passwords of all kinds', () => {
  const passwords = { 'a,b=c': 'x', 'ü': 'pässword', 'name with spaces': '\u0001,=' };
  let users: Users;
  beforeAll(async () => (users = await usersOf(passwords)));

  test.each(Object.entries(passwords))('%s logs in by PLAIN', async (name, password) => {
    const exchange = new PlainExchange(users);
    expect(await exchange.next(Buffer.from(`\0${name}\0${password}`))).toEqual(Buffer.alloc(0));
    expect(exchange.isDone).toBe(true);
    await expect(new PlainExchange(users).next(Buffer.from(`\0${name}\0${password}!`))).rejects.toThrow(LoginError);
    await expect(new PlainExchange(users).next(Buffer.from(`other\0${name}\0${password}`))).rejects.toThrow(LoginError);
  });

  test.each(['', '\0', '\0\0', 'a,b=c\0x', '\0a,b=c\0x\0', '\0__proto__\0x', '\0nobody\0x'])('PLAIN refuses %j', async (message) => {
    await expect(new PlainExchange(users).next(Buffer.from(message))).rejects.toThrow(LoginError);
  });

  test('SCRAM writes a comma and an equals sign in another way', () => {
    const exchange = new ScramExchange('sha256', users);
    expect(next(exchange, 'n,,n=a=2Cb=3Dc,r=abc')).toMatch(/^r=abc[^,]+,s=[^,]+,i=4096$/);
  });
});
