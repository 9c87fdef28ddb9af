// The settings that a topic may have: their types, defaults and the values that are allowed.
import { BrokerError, errorCodes } from '../protocol/error-codes.js';

/** Numbers of the protocol's types of settings. */
export const configTypes = { bool: 1, string: 2, int: 3, long: 5, list: 7 } as const;

interface ConfigRule {
  readonly type: keyof typeof configTypes;
  readonly preset: string;
  /** Allowed values of a string; smallest value of a number. */
  readonly allowed?: readonly string[];
  readonly least?: number;
  readonly documentation: string;
}

const INT_MAX = 2147483647;
const LONG_MAX = '9223372036854775807';

/** All settings by their names. */
export const topicConfigs: Readonly<Record<string, ConfigRule>> = {
  'cleanup.policy': { type: 'list', preset: 'delete', allowed: ['delete'], documentation: 'Only delete: this broker does not compact.' },
  'compression.type': {
    type: 'string', preset: 'producer', allowed: ['producer'], documentation: 'Batches are stored as the producer compressed them.',
  },
  'flush.messages': { type: 'long', preset: LONG_MAX, least: 1, documentation: 'Not used: acks=all waits for the disk.' },
  'flush.ms': { type: 'long', preset: LONG_MAX, least: 0, documentation: 'Not used: acks=all waits for the disk.' },
  'index.interval.bytes': { type: 'int', preset: '4096', least: 0, documentation: 'Bytes of a log between two index entries.' },
  'max.message.bytes': { type: 'int', preset: '1048588', least: 0, documentation: 'Size of a batch, at most.' },
  'message.timestamp.difference.max.ms': {
    type: 'long', preset: LONG_MAX, least: 0, documentation: "Milliseconds by which a producer's times may differ from the broker's clock.",
  },
  'message.timestamp.type': {
    type: 'string', preset: 'CreateTime', allowed: ['CreateTime', 'LogAppendTime'], documentation: 'Whose clock gives records their timestamps.',
  },
  'min.insync.replicas': { type: 'int', preset: '1', least: 1, documentation: 'There is one replica.' },
  'retention.bytes': { type: 'long', preset: '-1', least: -1, documentation: 'Size of a partition above which old segments go; -1: any.' },
  'retention.ms': { type: 'long', preset: '604800000', least: -1, documentation: 'Age of records above which segments go; -1: any.' },
  'segment.bytes': { type: 'int', preset: '1073741824', least: 14, documentation: 'Size of a segment, at which the next one begins.' },
  'segment.ms': { type: 'long', preset: '604800000', least: 1, documentation: 'Age of a segment, at which the next one begins.' },
  'unclean.leader.election.enable': { type: 'bool', preset: 'false', documentation: 'There is one replica.' },
};

/** The value. @throws BrokerError INVALID_CONFIG, which names the setting and what it may be. */
export function checkConfig(name: string, value: string): string {
  const rule = Object.hasOwn(topicConfigs, name) ? topicConfigs[name] : undefined;
  if (rule === undefined) throw invalid(`there is no topic setting '${name}'`);
  if (rule.allowed !== undefined) {
    if (!rule.allowed.includes(value)) throw invalid(`${name} must be ${rule.allowed.join(' or ')}, not '${value}'`);
  } else if (rule.type === 'bool') {
    if (value !== 'true' && value !== 'false') throw invalid(`${name} must be true or false, not '${value}'`);
  } else {
    checkNumber(name, rule, value);
  }
  return value;
}

/** The value that holds for a topic: its own or the default. */
export function configOf(configs: Readonly<Record<string, string>>, name: keyof typeof topicConfigs  ): string {
  return configs[name] ?? topicConfigs[name]!.preset;
}

function checkNumber(name: string, { type, least = 0 }: ConfigRule, value: string): void {
  const most = type === 'int' ? BigInt(INT_MAX) : BigInt(LONG_MAX);
  const number = /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
  if (number === undefined || number < BigInt(least) || number > most) {
    throw invalid(`${name} must be a whole number from ${least} to ${most}, not '${value}'`);
  }
}

function invalid(message: string): BrokerError {
  return new BrokerError(errorCodes.INVALID_CONFIG, message);
}
