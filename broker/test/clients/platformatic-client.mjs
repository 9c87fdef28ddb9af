// Sends records with two idempotent producers and reads them back with @platformatic/kafka, an ES module, which jest does not load. Prints what was read as JSON.
//   node platformatic-client.mjs HOST:PORT
import console from 'node:console';
import { Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const bootstrapBrokers = [process.argv[2]];
const values = Array.from({ length: 20 }, (_, at) => `value ${at}`);
for (const half of [values.slice(0, 10), values.slice(10)]) {
  const options = { clientId: 'p', bootstrapBrokers, serializers: stringSerializers, autocreateTopics: true, idempotent: true };
  const producer = new Producer(options);
  await producer.send({ messages: half.map((value, at) => ({ topic: 'strings', key: `key ${at}`, value, headers: { h: 'x' } })) });
  await producer.close();
}

const consumer = new Consumer({ groupId: 'g', clientId: 'c', bootstrapBrokers, deserializers: stringDeserializers });
const stream = await consumer.consume({ topics: ['strings'], mode: MessagesStreamModes.EARLIEST, autocommit: true, maxWaitTime: 100 });
const read = [];
for await (const { value } of stream) {
  read.push(value);
  if (read.length === values.length) break;
}
await consumer.close(true);
console.log(JSON.stringify(read));
