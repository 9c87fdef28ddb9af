// A topic as all shards know it: plain data, which travels between shards as it is.
import { IoBuf } from 'corebuf';

export interface Topic {
  readonly name: string;
  /** 16 bytes as base64url: the same over restarts, another one when the topic is deleted and created again. */
  readonly id: string;
  /** Number of partitions. */
  readonly partitions: number;
  /** Settings that were given for this topic; the others have their defaults. */
  readonly configs: Readonly<Record<string, string>>;
}

/** Epoch of all leaders: with one node no leader ever changes. */
export const LEADER_EPOCH = 0;

const NAME = /^[a-zA-Z0-9._-]{1,249}$/;

export function isTopicName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..';
}

/** Index of the shard that owns a partition: neighbours of one topic lie on different shards. */
export function shardOfPartition(topicId: string, partition: number, shards: number): number {
  return (hashOf(topicId) + partition) % shards;
}

/** Slot that a group belongs to. */
export function slotOfGroup(group: string, slots: number): number {
  return hashOf(group) % slots;
}

const hashes = new Map<string, number>();
/** Names whose hash is remembered, at most: a client can send as many names as it likes. */
const HASHES_MAX = 10_000;

function hashOf(text: string): number {
  let hash = hashes.get(text);
  if (hash === undefined) {
    using bytes = IoBuf.from(text);
    hash = Number(bytes.xxhash64() & 0xffff_ffffn);
    if (hashes.size >= HASHES_MAX) hashes.clear();
    hashes.set(text, hash);
  }
  return hash;
}
