// Transactions. layout.ts explains the notation.
import { api } from '../layout.js';

export const addPartitionsToTxn = api(24, 'AddPartitionsToTxn', [0, 5], 3, {
  request: {
    transactions: ['[] v4+', {
      transactionalId: 'str',
      producerId: 'i64',
      producerEpoch: 'i16',
      verifyOnly: 'bool',
      topics: ['[]', { name: 'str', partitions: '[i32]' }],
    }],
    v3AndBelowTransactionalId: 'str ..v3',
    v3AndBelowProducerId: 'i64 ..v3',
    v3AndBelowProducerEpoch: 'i16 ..v3',
    v3AndBelowTopics: ['[] ..v3', { name: 'str', partitions: '[i32]' }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16 v4+',
    resultsByTransaction: ['[] v4+', {
      transactionalId: 'str',
      topicResults: ['[]', {
        name: 'str',
        resultsByPartition: ['[]', { partitionIndex: 'i32', partitionErrorCode: 'i16' }],
      }],
    }],
    resultsByTopicV3AndBelow: ['[] ..v3', {
      name: 'str',
      resultsByPartition: ['[]', { partitionIndex: 'i32', partitionErrorCode: 'i16' }],
    }],
  },
});

export const addOffsetsToTxn = api(25, 'AddOffsetsToTxn', [0, 4], 3, {
  request: { transactionalId: 'str', producerId: 'i64', producerEpoch: 'i16', groupId: 'str' },
  response: { throttleTimeMs: 'i32 =0', errorCode: 'i16' },
});

export const endTxn = api(26, 'EndTxn', [0, 5], 3, {
  request: { transactionalId: 'str', producerId: 'i64', producerEpoch: 'i16', committed: 'bool' },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16',
    producerId: 'i64 v5+ =-1',
    producerEpoch: 'i16 v5+ =-1',
  },
});

export const txnOffsetCommit = api(28, 'TxnOffsetCommit', [0, 5], 3, {
  request: {
    transactionalId: 'str',
    groupId: 'str',
    producerId: 'i64',
    producerEpoch: 'i16',
    generationId: 'i32 v3+ =-1',
    memberId: 'str v3+',
    groupInstanceId: 'str? v3+ =null',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', {
        partitionIndex: 'i32',
        committedOffset: 'i64',
        committedLeaderEpoch: 'i32 v2+ =-1',
        committedMetadata: 'str?',
      }],
    }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32', errorCode: 'i16' }],
    }],
  },
});
