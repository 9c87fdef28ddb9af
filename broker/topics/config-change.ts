// Changes of a topic's settings. They are plain data, which travels to the shard that owns the list of topics: applied anywhere else, to a
// copy of the settings, one change would take back another.
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import { checkConfig } from './topic-configs.js';

/** A setting as a request names it. The name may be any text, so that entries are no keys of an object before they are checked. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
}

export interface ConfigChange {
  /** Whether settings that are not among the entries get their defaults. */
  readonly replacesAll: boolean;
  /** New values; null: the default. */
  readonly entries: readonly ConfigEntry[];
}

type Configs = Readonly<Record<string, string>>;

/** The settings after `change`. @throws BrokerError INVALID_CONFIG for a new value that is not allowed */
export function changedConfigs(configs: Configs, { replacesAll, entries }: ConfigChange): Configs {
  const values = new Map(replacesAll ? [] : Object.entries(configs));
  for (const { name, value } of entries) {
    if (value === null) values.delete(name);
    else values.set(name, checkConfig(name, value));
  }
  return Object.fromEntries(values);
}

/** The settings of a new topic. @throws BrokerError INVALID_CONFIG for a value that is not allowed, or none */
export function newConfigs(entries: readonly ConfigEntry[]): Configs {
  const missing = entries.find(({ value }) => value === null);
  if (missing !== undefined) throw new BrokerError(errorCodes.INVALID_CONFIG, `the setting '${missing.name}' must have a value`);
  return changedConfigs({}, { replacesAll: true, entries });
}
