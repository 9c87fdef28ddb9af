// Changes of topics, and producer ids, from any shard: the shard with index 0 makes them.
import type { Remote } from 'corebuf';
import type { ConfigChange } from './config-change.js';
import type { Change, Growth, TopicWish } from './topic-admin.js';

/** The methods of shard 0 that this router calls. */
export interface RemoteAdmin {
  createTopic(wish: TopicWish, validateOnly: boolean): Promise<Change>;
  deleteTopic(id: string): Promise<Change>;
  addPartitions(id: string, growth: Growth, validateOnly: boolean): Promise<Change>;
  configureTopic(id: string, change: ConfigChange, validateOnly: boolean): Promise<Change>;
  nextProducerId(): Promise<bigint>;
}

export type AdminRouter = Remote<RemoteAdmin>;
