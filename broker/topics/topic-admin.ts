// Changes of the list of topics. Only the shard with index 0 has one; it makes one change after the other. A topic appears when its logs
// are open on their shards, and a topic that goes is out of the list before its logs are deleted.
import { BrokerError, codeOf, errorCodes, messageOf } from '../protocol/error-codes.js';
import { randomUuid } from '../protocol/uuid.js';
import { changedConfigs, newConfigs } from './config-change.js';
import type { ConfigChange, ConfigEntry } from './config-change.js';
import { writeTopics } from './topic-file.js';
import { isTopicName } from './topic.js';
import type { Topic } from './topic.js';
import type { TopicTable } from './topic-table.js';

/** Partitions of one topic, at most. */
const PARTITIONS_MAX = 10_000;

/** Opens and deletes the logs of a topic on the shards that own its partitions. */
export interface LogKeeper {
  openLogs(topic: Topic): Promise<void>;
  deleteLogs(topic: Topic): Promise<void>;
}

export interface TopicWish {
  readonly name: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly configs: readonly ConfigEntry[];
}

/** Partitions that are added to a topic. */
export interface Growth {
  /** Number of partitions afterwards. */
  readonly total: number;
  /** Number of new partitions that the request assigns to brokers; undefined when it assigns none. */
  readonly assignments: number | undefined;
}

/** Outcome of a change: it travels between shards, as thrown errors would lose their codes. */
export interface Change {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topic: Topic | undefined;
}

export class TopicAdmin {
  readonly #path: string;
  readonly #table: TopicTable;
  readonly #logs: LogKeeper;
  readonly #partitionsDefault: number;
  /** Ends with the last change that was asked for. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, table: TopicTable, logs: LogKeeper, partitionsDefault: number) {
    this.#path = path;
    this.#table = table;
    this.#logs = logs;
    this.#partitionsDefault = partitionsDefault;
  }

  create(wish: TopicWish, validateOnly: boolean): Promise<Change> {
    return this.#change(async () => {
      const topic = this.#checked(wish);
      if (validateOnly) return topic;
      await this.#logs.openLogs(topic);
      await this.#store([...this.#table.all(), topic]);
      return topic;
    });
  }

  delete(id: string): Promise<Change> {
    return this.#change(async () => {
      const topic = this.#existing(id);
      await this.#store([...this.#table.all()].filter((other) => other.id !== id));
      await this.#logs.deleteLogs(topic);
      return topic;
    });
  }

  addPartitions(id: string, { total, assignments }: Growth, validateOnly: boolean): Promise<Change> {
    return this.#change(async () => {
      const topic = this.#existing(id);
      if (total <= topic.partitions || total > PARTITIONS_MAX) {
        const range = `from ${topic.partitions + 1} to ${PARTITIONS_MAX}`;
        throw new BrokerError(errorCodes.INVALID_PARTITIONS, `the new number of partitions must be ${range}, not ${total}`);
      }
      const added = total - topic.partitions;
      if (assignments !== undefined && assignments !== added) {
        throw new BrokerError(errorCodes.INVALID_REPLICA_ASSIGNMENT, `all ${added} new partitions must be assigned, or none; ${assignments} are`);
      }
      return validateOnly ? topic : this.#replace({ ...topic, partitions: total });
    });
  }

  configure(id: string, change: ConfigChange, validateOnly: boolean): Promise<Change> {
    return this.#change(async () => {
      const topic = this.#existing(id);
      const configs = changedConfigs(topic.configs, change);
      return validateOnly ? topic : this.#replace({ ...topic, configs });
    });
  }

  /** Resolves when no change is under way. */
  async idle(): Promise<void> {
    await this.#last;
  }

  #change(make: () => Promise<Topic>): Promise<Change> {
    const change = this.#last.then(make).then(
      (topic): Change => ({ errorCode: errorCodes.NONE, errorMessage: null, topic }),
      (error: unknown): Change => ({ errorCode: codeOf(error), errorMessage: messageOf(error), topic: undefined }),
    );
    this.#last = change;
    return change;
  }

  #checked({ name, partitions, configs }: TopicWish): Topic {
    if (!isTopicName(name)) {
      const rule = 'a topic name has 1 to 249 characters of a-z, A-Z, 0-9, period, underscore and hyphen, and is not . or ..';
      throw new BrokerError(errorCodes.INVALID_TOPIC_EXCEPTION, rule);
    }
    if (this.#table.byName(name) !== undefined) throw new BrokerError(errorCodes.TOPIC_ALREADY_EXISTS, `topic '${name}' already exists`);
    const count = partitions === -1 ? this.#partitionsDefault : partitions;
    if (count < 1 || count > PARTITIONS_MAX) {
      throw new BrokerError(errorCodes.INVALID_PARTITIONS, `the number of partitions must be from 1 to ${PARTITIONS_MAX}, not ${count}`);
    }
    return { name, id: newTopicId(), partitions: count, configs: newConfigs(configs) };
  }

  #existing(id: string): Topic {
    const topic = this.#table.byId(id);
    if (topic === undefined) throw new BrokerError(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
    return topic;
  }

  async #replace(topic: Topic): Promise<Topic> {
    await this.#logs.openLogs(topic);
    await this.#store([...this.#table.all()].map((other) => (other.id === topic.id ? topic : other)));
    return topic;
  }

  async #store(topics: readonly Topic[]): Promise<void> {
    await writeTopics(this.#path, topics);
    await this.#table.replace(topics);
  }
}

/** Ids that begin with a hyphen look like options where they name folders. */
function newTopicId(): string {
  for (;;) {
    const id = randomUuid().toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
