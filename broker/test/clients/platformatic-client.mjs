// What @platformatic/kafka, an ES module, which jest does not load, does with a broker. Prints what it was told as JSON. PACKAGE is one of its versions.
//   node platformatic-client.mjs PACKAGE HOST:PORT produce TOPIC FIRST LAST CODEC     records 'value FIRST' to 'value LAST' of an idempotent producer
//   node platformatic-client.mjs PACKAGE HOST:PORT count TOPIC PARTITION              numbers in batches of 20, until stdin ends; a line for each batch that
//                                                                             is acknowledged, which may take many attempts
//   node platformatic-client.mjs PACKAGE HOST:PORT consume TOPIC GROUP COUNT          so many values, committed
//   node platformatic-client.mjs PACKAGE HOST:PORT committed GROUP                    how many records a group has behind it
//   node platformatic-client.mjs PACKAGE HOST:PORT topics                             the life of a topic
//   node platformatic-client.mjs PACKAGE HOST:PORT groups GROUP                       the end of a group without members
import console from 'node:console';
import process from 'node:process';

const [, , name, address, command, ...args] = process.argv;
const { Admin, ConfigResourceTypes, Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } = await import(name);
const base = { clientId: 'test', bootstrapBrokers: [address] };

async function produce(topic, first, last, compression) {
  const producer = new Producer({ ...base, serializers: stringSerializers, autocreateTopics: true, idempotent: true, compression });
  const messages = [];
  for (let at = Number(first); at <= Number(last); at++) messages.push({ topic, key: `key ${at}`, value: `value ${at}`, headers: { h: 'x' } });
  await producer.send({ messages });
  await producer.close();
  return messages.length;
}

async function count(topic, partition) {
  const producer = new Producer({ ...base, serializers: stringSerializers, autocreateTopics: true, idempotent: true, retries: 1000, retryDelay: 50 });
  let isStopped = false;
  process.stdin.once('end', () => (isStopped = true)).resume();
  for (let next = 0; !isStopped; next += 20) {
    const messages = Array.from({ length: 20 }, (_, at) => ({ topic, partition: Number(partition), value: String(next + at) }));
    await producer.send({ messages, acks: -1 });
    console.log(messages.length);
  }
  await producer.close();
}

async function consume(topic, groupId, count) {
  const consumer = new Consumer({ ...base, groupId, deserializers: stringDeserializers, sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500 });
  const stream = await consumer.consume({
    topics: [topic], mode: MessagesStreamModes.COMMITTED, fallbackMode: MessagesStreamModes.EARLIEST, autocommit: false, maxWaitTime: 100,
  });
  const read = [];
  for await (const message of stream) {
    read.push(message.value);
    await message.commit();
    if (read.length === Number(count)) break;
  }
  await consumer.close(true);
  return read;
}

/** Name of the protocol's error, which the client wraps in its own. */
function nameOf(error) {
  return error.apiId ?? error.errors?.map(nameOf).find((name) => name !== undefined);
}

async function topics() {
  const admin = new Admin(base);
  const told = {};
  const [{ name, partitions }] = await admin.createTopics({ topics: ['made'], partitions: 2, configs: [{ name: 'retention.ms', value: '1000' }] });
  told.created = { name, partitions };
  told.again = await admin.createTopics({ topics: ['made'] }).then(() => 'made twice', nameOf);
  await admin.createPartitions({ topics: [{ name: 'made', count: 5 }] });
  const metadata = await admin.metadata({ topics: ['made'], forceUpdate: true });
  told.enlarged = metadata.topics.get('made').partitionsCount;
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: 'made' };
  const retention = async () => {
    const [{ configs }] = await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: ['retention.ms'] }] });
    return configs[0].value;
  };
  told.retention = [await retention()];
  await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: [{ name: 'retention.ms', configOperation: 0, value: '2000' }] }] });
  told.retention.push(await retention());
  told.listed = [(await admin.listTopics()).includes('made')];
  await admin.deleteTopics({ topics: ['made'] });
  told.listed.push((await admin.listTopics()).includes('made'));
  await admin.close();
  return told;
}

/** Number of records before which a group has committed. */
async function committedBy(admin, group) {
  const [{ topics: all }] = await admin.listConsumerGroupOffsets({ groups: [group] });
  return all.flatMap(({ partitions }) => partitions).reduce((sum, { committedOffset }) => sum + Math.max(0, Number(committedOffset)), 0);
}

async function committed(group) {
  const admin = new Admin(base);
  const told = { committed: await committedBy(admin, group) };
  await admin.close();
  return told;
}

async function groups(group) {
  const admin = new Admin(base);
  const told = { listed: [...(await admin.listGroups()).keys()] };
  told.state = (await admin.describeGroups({ groups: [group] })).get(group).state.toLowerCase(); // The versions write it differently.
  told.committed = await committedBy(admin, group);
  await admin.deleteGroups({ groups: [group] });
  told.left = [...(await admin.listGroups()).keys()];
  await admin.close();
  return told;
}

const told = await { produce, count, consume, topics, committed, groups }[command](...args);
if (told !== undefined) console.log(JSON.stringify(told));
