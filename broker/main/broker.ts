// A broker inside this process: its shards are worker threads, which this thread starts and ends.
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { ShardGroup } from 'corebuf';
import type { GroupListener } from 'corebuf';
import { ClusterFile } from '../cluster/cluster-file.js';
import { UNSENT_MAX } from '../connection/transport.js';
import { makeFolder } from '../log/folders.js';
import { usersOf } from '../security/users.js';
import { TopicTable } from '../topics/topic-table.js';
import { readTopics } from '../topics/topic-file.js';
import type { Topic } from '../topics/topic.js';
import type { BrokerShardStats } from './broker-stats.js';
import { FolderLock } from './folder-lock.js';
import { checkOptions } from './options.js';
import type { BrokerOptions, CheckedOptions } from './options.js';
import type { BrokerShardService } from './shard.js';
import type { Address, ShardSettings } from './shard-settings.js';

const MIB = 1024 * 1024;
const REQUEST_BYTES_MAX = 100 * MIB;
/** Calls from one shard to another that may be under way: long polls and members that wait for their groups are calls. */
const IN_FLIGHT_MAX = 1_000_000;

/** The listener of a broker, and where clients find it. */
interface Opened {
  readonly listener: GroupListener;
  readonly address: Address;
}

/** The folder of a broker, which nobody else uses now, and what its shards must know before they open. */
interface Claimed {
  readonly lock: FolderLock;
  readonly topics: readonly Topic[];
  readonly clusterId: string;
}

export class Broker {
  /** Where clients connect. */
  readonly address: Address;
  readonly #group: ShardGroup<BrokerShardService>;
  readonly #lock: FolderLock;
  readonly #listener: GroupListener;
  #closing: Promise<void> | undefined;

  private constructor(group: ShardGroup<BrokerShardService>, lock: FolderLock, { listener, address }: Opened) {
    this.#group = group;
    this.#lock = lock;
    this.#listener = listener;
    this.address = address;
  }

  /**
   * Starts a broker on the data in `options.dir`, which one broker at a time may use. Resolves when clients can connect.
   *
   * @throws TypeError, RangeError for wrong options; an Error when another broker uses the folder; errors of node:net and node:fs
   */
  static async start(options: BrokerOptions): Promise<Broker> {
    const checked = checkOptions(options);
    const settings = await settingsOf(checked);
    // Threads take longer to start than files to be read, and touch no file before they are told to.
    const [group, data] = await Promise.allSettled([startShards(checked, settings), claim(checked.dir, settings.broker)]);
    try {
      if (data.status === 'rejected') throw data.reason;
      if (group.status === 'rejected') throw group.reason;
      return new Broker(group.value, data.value.lock, await open(group.value, checked, data.value));
    } catch (error) {
      if (group.status === 'fulfilled') await group.value.close();
      if (data.status === 'fulfilled') await data.value.lock.release();
      throw error;
    }
  }

  /** Counters of the shards, by their indexes. */
  stats(): Promise<BrokerShardStats[]> {
    return this.#group.all.counters();
  }

  /** Ends the requests that are under way, makes everything durable, and ends the shards. Closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#listener.close();
      await this.#group.all.drain();
    } finally {
      await this.#group.close().finally(() => this.#lock.release());
    }
  }
}

async function settingsOf(options: CheckedOptions): Promise<ShardSettings> {
  const { dir, partitions, requestBytesMax = REQUEST_BYTES_MAX, nodeId, autoCreateTopics, groupInitialDelay, sasl, tls } = options;
  const users = sasl === undefined ? undefined : await usersOf(sasl.users);
  return {
    broker: `${threadId}-${performance.now()}-${Math.random()}`, folder: dir, nodeId, autoCreateTopics, partitionsDefault: partitions, requestBytesMax, groupInitialDelay, users, tls,
  };
}

function startShards({ shards, memory, stallThreshold }: CheckedOptions, settings: ShardSettings): Promise<ShardGroup<BrokerShardService>> {
  return ShardGroup.start<BrokerShardService>(join(__dirname, 'shard.cjs'), {
    shards, memory, workerData: settings, maxInFlight: IN_FLIGHT_MAX, name: 'broker', stallThreshold,
  });
}

/** The shards learn of the topics here. */
async function claim(dir: string, broker: string): Promise<Claimed> {
  await makeFolder(join(dir, 'logs'));
  const lock = await FolderLock.take(dir);
  try {
    const [topics, { clusterId }] = await Promise.all([readTopics(join(dir, 'topics.json')), ClusterFile.open(dir)]);
    if (topics.length > 0) await new TopicTable(broker).replace(topics);
    return { lock, topics, clusterId };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function open(group: ShardGroup<BrokerShardService>, options: CheckedOptions, { topics, clusterId }: Claimed): Promise<Opened> {
  const { port, host, advertisedHost, tls, shards } = options;
  await group.all.open(topics, clusterId);
  // Connections of clients are few and live long: each goes to the shard that has the fewest. Sharing the port would let a second broker have it, too,
  // but a single shard shares it with nobody, and saves handing over.
  const accept = shards === 1 ? 'reuseport' : 'handover';
  const listener = await group.listen({ port, host, accept, writeHighWater: UNSENT_MAX, allowHalfOpen: tls !== undefined });
  listener.on('acceptFailed', (error) => process.emitWarning(error));
  const listening = listener.address as AddressInfo;
  const address = { host: advertisedHost ?? listening.address, port: listening.port };
  await group.all.announce(address);
  return { listener, address };
}
