// What a connection may do before it has logged in, byte by byte; and clients that log in, with TLS and without.
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Broker } from 'corebuf-broker';
import { Kafka, logLevel } from 'kafkajs';
import type { SASLOptions } from 'kafkajs';
import { apiVersions, metadata, saslAuthenticate, saslHandshake } from '../../protocol/layouts/cluster';
import { WireClient } from '../api/wire-client';
import { addressOf, newFolder, startBroker } from '../clients/broker';
import { hasKcat, kcat } from '../clients/kcat';
import { hasOpenssl, makeCertificate } from './certificate';
import type { Certificate } from './certificate';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const users = { alice: "alice's secret", bob: 'x' };
const SOFTWARE = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
const ALL_TOPICS = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false, includeClusterAuthorizedOperations: false };
const plain = (name: string, password: string): { authBytes: Buffer } => ({ authBytes: Buffer.from(`\0${name}\0${password}`) });

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ sasl: { users }, partitions: 2 });
});
beforeEach(async () => {
  client = await WireClient.to(broker);
});
afterEach(() => client.close());

describe('before it has logged in, a client', () => {
  test('may ask for versions, and for nothing else', async () => {
    expect((await client.call(apiVersions, 3, SOFTWARE)).errorCode).toBe(0);
    await expect(client.call(metadata, 9, ALL_TOPICS)).rejects.toThrow('closed');
  });

  test('is told the mechanisms when it asks for another, and loses its connection', async () => {
    const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
    expect(await client.call(saslHandshake, 1, { mechanism: 'GSSAPI' })).toEqual({ errorCode: 33, mechanisms });
    await client.untilClosed();
  });

  test.each(['constructor', '__proto__', ''])("is refused the mechanism '%s'", async (mechanism) => {
    expect(await client.call(saslHandshake, 1, { mechanism })).toMatchObject({ errorCode: 33 });
  });

  test('must begin with a handshake', async () => {
    expect(await client.call(saslAuthenticate, 2, plain('alice', users.alice))).toMatchObject({ errorCode: 34, errorMessage: 'a handshake must come first' });
    await client.untilClosed();
  });

  test('chooses one mechanism, once', async () => {
    expect((await client.call(saslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })).errorCode).toBe(0);
    expect(await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })).toEqual({ errorCode: 34, mechanisms: [] });
    await client.untilClosed();
  });

  test.each([['bob', "alice's secret"], ['carol', 'x'], ['', '']])('is told no more than that it failed (%s)', async (name, password) => {
    await client.call(saslHandshake, 1, { mechanism: 'PLAIN' });
    const errorMessage = 'Authentication failed: wrong user or password for PLAIN';
    expect(await client.call(saslAuthenticate, 1, plain(name, password))).toMatchObject({ errorCode: 58, errorMessage });
    await client.untilClosed();
  });

  test('gets nothing for a request that it has sent behind a login that fails', async () => {
    await client.call(saslHandshake, 1, { mechanism: 'PLAIN' });
    client.send(saslAuthenticate, 1, plain('alice', 'wrong'));
    client.send(metadata, 9, ALL_TOPICS);
    expect((await client.nextAnswer(saslAuthenticate, 1)).errorCode).toBe(58);
    await expect(client.nextAnswer(metadata, 9)).rejects.toThrow('closed');
  });
});

test('requests that were sent behind a login are answered when it has succeeded', async () => {
  client.send(saslHandshake, 1, { mechanism: 'PLAIN' });
  client.send(saslAuthenticate, 1, plain('alice', users.alice));
  client.send(metadata, 9, ALL_TOPICS);
  expect((await client.nextAnswer(saslHandshake, 1)).errorCode).toBe(0);
  expect((await client.nextAnswer(saslAuthenticate, 1)).errorCode).toBe(0);
  expect((await client.nextAnswer(metadata, 9)).brokers).toHaveLength(1);
  // A second login on one connection is refused, and the connection stays.
  expect((await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })).errorCode).toBe(34);
  expect((await client.call(saslAuthenticate, 2, plain('bob', 'x'))).errorCode).toBe(34);
  expect((await client.call(metadata, 9, ALL_TOPICS)).brokers).toHaveLength(1);
});

test('behind version 0 of the handshake, messages of the mechanism are frames of their own', async () => {
  for (const [password, isRight] of [[users.alice, true], ['wrong', false]] as const) {
    const socket = connect(broker.address.port, broker.address.host);
    const token = Buffer.from(`\0alice\0${password}`);
    const frames = [Buffer.from('00110000' + '00000001' + 'ffff' + '0005' + Buffer.from('PLAIN').toString('hex'), 'hex'), token];
    for (const frame of frames) {
      const length = Buffer.alloc(4);
      length.writeInt32BE(frame.length);
      socket.write(Buffer.concat([length, frame]));
    }
    let received = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])));
    socket.on('error', () => undefined);
    if (isRight) {
      while (!received.toString('hex').endsWith('00000000')) await once(socket, 'data');
      socket.destroy();
    } else {
      await once(socket, 'close');
      expect(received.readInt16BE(8)).toBe(0); // The handshake had been answered; the login is not.
      expect(received.length).toBe(4 + received.readInt32BE(0));
    }
  }
});

describe('options that cannot be used', () => {
  test.each([
    [{ sasl: { users: {} } }, /sasl\.users/],
    [{ sasl: { users: { a: '' } } }, /users\['a'\]/],
    [{ sasl: { users: { '': 'x' } } }, /names/],
    [{ sasl: { users: { a: 1 } } }, /password/],
    [{ tls: { key: 'none', cert: 'none' } }, /options\.tls cannot be used/],
    [{ tls: { key: 'none' } } as never, /tls\.cert/],
  ])('%j', async (options, message) => {
    await expect(Broker.start({ dir: newFolder(), ...(options as object) })).rejects.toThrow(message);
  });
});

/** Sends and receives some messages. */
async function roundTrip(kafka: Kafka, topic: string, values: readonly string[]): Promise<string[]> {
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: topic });
  const received: string[] = [];
  try {
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachMessage = ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        received.push(String(message.value));
        if (received.length === values.length) resolve();
        return Promise.resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  }
  return received;
}

/** Made anew for each client, because kafkajs changes the object. */
function login(mechanism: string, password = users.alice): SASLOptions {
  return { mechanism, username: 'alice', password } as SASLOptions;
}

test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('kafkajs logs in by %s', async (mechanism) => {
  const options = { brokers: [addressOf(broker)], logLevel: logLevel.NOTHING, retry: { retries: 0 } };
  expect(await roundTrip(new Kafka({ ...options, sasl: login(mechanism) }), `by-${mechanism}`, ['a', 'b'])).toEqual(['a', 'b']);
  const stranger = new Kafka({ ...options, sasl: login(mechanism, 'wrong') });
  await expect(stranger.admin().connect()).rejects.toThrow(/wrong user or password/);
});

(hasOpenssl ? describe : describe.skip)('with TLS', () => {
  let certificate: Certificate;
  let secure: Broker;
  beforeAll(async () => {
    certificate = makeCertificate();
    secure = await startBroker({ sasl: { users }, tls: certificate.tls, shards: 2, partitions: 2 });
  });

  test('kafkajs sends and receives messages of all sizes', async () => {
    const values = ['small', 'x'.repeat(900_000), '', 'y'.repeat(70_000), 'z'.repeat(16_384)];
    const ssl = { ca: [certificate.tls.cert as Buffer] };
    const kafka = new Kafka({ brokers: [addressOf(secure)], logLevel: logLevel.NOTHING, ssl, sasl: login('scram-sha-256') });
    expect(await roundTrip(kafka, 'sizes', values)).toEqual(values);
  });

  (hasKcat ? test : test.skip).each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('kcat logs in by %s', async (mechanism) => {
    const settings = { 'security.protocol': 'SASL_SSL', 'ssl.ca.location': certificate.certPath, 'sasl.mechanisms': mechanism, 'sasl.username': 'bob' };
    const args = Object.entries({ ...settings, 'sasl.password': 'x' }).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
    await kcat(addressOf(secure), [...args, '-P', '-t', mechanism, '-p', '0'], 'one\ntwo\n');
    expect(await kcat(addressOf(secure), [...args, '-C', '-t', mechanism, '-p', '0', '-e', '-q'])).toBe('one\ntwo\n');
  });

  test('a client that sends no TLS loses its connection, and others go on', async () => {
    const stranger = await WireClient.to(secure);
    stranger.send(apiVersions, 3, SOFTWARE);
    await stranger.untilClosed();
    stranger.close();
    const socket = connectTls({ host: secure.address.host, port: secure.address.port, ca: certificate.tls.cert as Buffer });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    // A length that is none ends this one.
    socket.write(Buffer.from('80000000', 'hex'));
    socket.resume();
    await once(socket, 'close');
  });
});
