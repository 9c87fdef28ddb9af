// The logs of the partitions that this shard owns. All of them are open: a request finds its log without waiting, so that the order in which
// requests arrive is the order in which they are appended.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogConfig } from '../log/log-config.js';
import type { LogStore } from '../log/log-store.js';
import { PartitionLog } from '../log/partition-log.js';
import { syncFolder } from '../log/folders.js';
import { configOf } from './topic-configs.js';
import { shardOfPartition } from './topic.js';
import type { Topic } from './topic.js';

/** Logs that are opened at a time: bounds the descriptors and the memory of a start. */
const OPENING_MAX = 16;

export class Partitions {
  readonly #folder: string;
  readonly #index: number;
  readonly #shards: number;
  readonly #store: LogStore;
  readonly #logs = new Map<string, PartitionLog[]>();

  constructor(folder: string, index: number, shards: number, store: LogStore) {
    this.#folder = folder;
    this.#index = index;
    this.#shards = shards;
    this.#store = store;
  }

  /** Opens the logs of all topics. Folders that belong to no topic remain of a change that a crash cut short, and are removed. */
  async openAll(topics: readonly Topic[]): Promise<void> {
    const wanted = topics.flatMap((topic) => this.#ownedBy(topic).map((partition) => ({ topic, partition })));
    const next = wanted[Symbol.iterator]();
    const open = async (): Promise<void> => {
      for (const { topic, partition } of next) await this.#open(topic, partition);
    };
    await Promise.all(Array.from({ length: OPENING_MAX }, open));
    if (this.#index === 0) await this.#removeOrphans(topics);
  }

  /** Opens the logs of a topic that this shard owns and has not opened, and applies its settings to the others. */
  async open(topic: Topic): Promise<void> {
    const owned = this.#ownedBy(topic);
    const missing = owned.filter((partition) => this.get(topic.id, partition) === undefined);
    await Promise.all([this.#makeFolders(topic, missing), ...owned.map((partition) => this.#open(topic, partition))]);
  }

  /** The log of a partition; undefined when it is not here. */
  get(topicId: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(topicId)?.[partition];
  }

  async delete(topic: Topic): Promise<void> {
    const logs = this.#logs.get(topic.id) ?? [];
    this.#logs.delete(topic.id);
    await Promise.all(Object.values(logs).map((log) => log.delete()));
    await rm(join(this.#folder, topic.id), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    const logs = [...this.#logs.values()].flatMap((ofTopic) => Object.values(ofTopic));
    this.#logs.clear();
    await Promise.all(logs.map((log) => log.close()));
    await this.#store.close();
  }

  #ownedBy(topic: Topic): number[] {
    const all = Array.from({ length: topic.partitions }, (_, partition) => partition);
    return all.filter((partition) => shardOfPartition(topic.id, partition, this.#shards) === this.#index);
  }

  /** Makes the folders of new partitions durable: without them, a crash would take files that are durable themselves. */
  async #makeFolders({ id }: Topic, partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    const folder = join(this.#folder, id);
    await Promise.all(partitions.map((partition) => mkdir(join(folder, String(partition)), { recursive: true })));
    await Promise.all([syncFolder(folder), syncFolder(this.#folder)]);
  }

  async #open(topic: Topic, partition: number): Promise<void> {
    const open = this.get(topic.id, partition);
    if (open !== undefined) return open.configure(logConfig(topic));
    const folder = join(this.#folder, topic.id, String(partition));
    const log = await PartitionLog.open(folder, logConfig(topic), this.#store);
    let logs = this.#logs.get(topic.id);
    if (logs === undefined) this.#logs.set(topic.id, (logs = []));
    logs[partition] = log;
  }

  async #removeOrphans(topics: readonly Topic[]): Promise<void> {
    const known = new Set(topics.map(({ id }) => id));
    for (const name of await readdir(this.#folder)) {
      if (!known.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

function logConfig({ configs }: Topic): Partial<LogConfig> {
  return {
    segmentBytes: Number(configOf(configs, 'segment.bytes')),
    segmentMs: Number(configOf(configs, 'segment.ms')),
    retentionBytes: Number(configOf(configs, 'retention.bytes')),
    retentionMs: Number(configOf(configs, 'retention.ms')),
    maxMessageBytes: Number(configOf(configs, 'max.message.bytes')),
    timestampType: configOf(configs, 'message.timestamp.type') as LogConfig['timestampType'],
    timestampDifferenceMs: Number(configOf(configs, 'message.timestamp.difference.max.ms')),
  };
}
