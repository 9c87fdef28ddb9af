// The public contract of corebuf-broker.
export { Broker } from './main/broker.js';
export type { BrokerShardStats } from './main/broker-stats.js';
export type { BrokerOptions, SaslOptions, TlsOptions } from './main/options.js';
export type { Address } from './main/shard-settings.js';
