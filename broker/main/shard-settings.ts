// What the shards of a broker are told when they start: plain data.
import type { Users } from '../security/users.js';
import type { CheckedTls } from './options.js';

export interface ShardSettings {
  /** Names this running broker among those of the process. */
  readonly broker: string;
  readonly folder: string;
  readonly nodeId: number;
  readonly autoCreateTopics: boolean;
  readonly partitionsDefault: number;
  readonly requestBytesMax: number;
  /** Milliseconds that a new group waits for more members. */
  readonly groupInitialDelay: number;
  /** Who may log in; undefined when nobody need. */
  readonly users: Users | undefined;
  /** Key and certificate; undefined: nothing is encrypted. */
  readonly tls: CheckedTls | undefined;
}

/** Where clients connect. */
export interface Address {
  readonly host: string;
  readonly port: number;
}
