// Produce: batches of records for partitions.
import { codeOf, errorCodes, messageOf } from '../protocol/error-codes.js';
import { verifyBatch } from '../log/record-batch.js';
import { produce as layout } from '../protocol/layouts/data.js';
import type { Decoded } from '../protocol/layout.js';
import type { AppendResult } from '../topics/partition-service.js';
import { implement } from './api.js';
import type { Call } from './api.js';
import { topicOf } from './topic-names.js';
import type { Found } from './topic-names.js';

type ForTopic = Decoded<typeof layout.request>['topicData'][number];
type ForPartition = ForTopic['partitionData'][number];

/** The oldest version whose records are batches; older ones are offered because librdkafka looks for them. */
const BATCHES_SINCE = 3;

export const produce = implement(layout, async ({ acks, topicData, transactionalId }, call) => {
  const refusal = refusalOf(acks, transactionalId, call.version);
  // Every append begins here, before anything is waited for: their order is that of the requests. Between them they are one list.
  const results = await Promise.all(topicData.flatMap(({ name, topicId, partitionData }) => {
    const found = topicOf(call, name, topicId);
    return partitionData.map((partition) => append(found, partition, acks, refusal, call));
  }));
  // A client that wants no answer learns of a failure by the end of its connection.
  if (acks === 0) return checkNoneFailed(results);
  let at = 0;
  const responses = topicData.map(({ name, topicId, partitionData }) => ({
    name, topicId, partitionResponses: partitionData.map(({ index }) => answer(index, results[at++]!)),
  }));
  return { responses };
});

/** Ends the connection of a client that waits for no answer. */
export class UnansweredError extends Error {}

function refusalOf(acks: number, transactionalId: string | null, version: number): number {
  if (version < BATCHES_SINCE) return errorCodes.UNSUPPORTED_VERSION;
  if (acks < -1 || acks > 1) return errorCodes.INVALID_REQUIRED_ACKS;
  return transactionalId === null ? errorCodes.NONE : errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

function checkNoneFailed(results: readonly AppendResult[]): undefined {
  const failed = results.find(({ errorCode }) => errorCode !== errorCodes.NONE);
  if (failed !== undefined) throw new UnansweredError(`a batch was refused with error ${failed.errorCode}`);
}

/** Checks a batch here, so that its bytes are summed where they have arrived, and moves it to its partition. */
async function append({ topic, errorCode }: Found, data: ForPartition, acks: number, refusal: number, call: Call): Promise<AppendResult> {
  const { index, records } = data;
  if (refusal !== errorCodes.NONE) return failure(refusal);
  if (topic === undefined) return failure(errorCode);
  if (index < 0 || index >= topic.partitions) return failure(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (records === null) return failure(errorCodes.INVALID_RECORD);
  try {
    verifyBatch(records);
  } catch (error) {
    return failure(codeOf(error), messageOf(error));
  }
  return call.services.partitions.append(topic.id, index, records, acks);
}

function failure(errorCode: number, errorMessage: string | null = null): AppendResult {
  return { errorCode, errorMessage, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n };
}

function answer(index: number, result: AppendResult) {
  return { index, ...result, recordErrors: [] };
}
