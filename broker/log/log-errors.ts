// Errors of a partition's log as clients get them.
import { BrokerError, errorCodes } from '../protocol/error-codes.js';

export function logClosed(): BrokerError {
  return new BrokerError(errorCodes.NOT_LEADER_OR_FOLLOWER, 'the log of this partition is closed');
}

export function outOfRange(range: string, received: bigint): BrokerError {
  return new BrokerError(errorCodes.OFFSET_OUT_OF_RANGE, `offset must be ${range}, received ${received}`);
}

export function storageError(cause: unknown): BrokerError {
  return new BrokerError(errorCodes.KAFKA_STORAGE_ERROR, `the log cannot be written: ${String(cause)}`, { cause });
}
