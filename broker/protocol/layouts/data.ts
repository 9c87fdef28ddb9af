// Reading and writing of logs. layout.ts explains the notation.
import { api } from '../layout.js';

export const produce = api(0, 'Produce', [0, 13], 9, {
  request: {
    transactionalId: 'str? v3+ =null',
    acks: 'i16',
    timeoutMs: 'i32',
    topicData: ['[]', {
      name: 'str ..v12',
      topicId: 'uuid v13+',
      partitionData: ['[]', { index: 'i32', records: 'records?' }],
    }],
  },
  response: {
    responses: ['[]', {
      name: 'str ..v12',
      topicId: 'uuid v13+',
      partitionResponses: ['[]', {
        index: 'i32',
        errorCode: 'i16',
        baseOffset: 'i64',
        logAppendTimeMs: 'i64 v2+ =-1',
        logStartOffset: 'i64 v5+ =-1',
        recordErrors: ['[] v8+', { batchIndex: 'i32', batchIndexErrorMessage: 'str? =null' }],
        errorMessage: 'str? v8+ =null',
        currentLeader: ['#0 {} v10+', { leaderId: 'i32 =-1', leaderEpoch: 'i32 =-1' }],
      }],
    }],
    throttleTimeMs: 'i32 v1+ =0',
    nodeEndpoints: ['#0 [] v10+', { nodeId: 'i32', host: 'str', port: 'i32', rack: 'str? =null' }],
  },
});

export const fetch = api(1, 'Fetch', [4, 18], 12, {
  request: {
    clusterId: '#0 str? v12+ =null',
    replicaId: 'i32 ..v14 =-1',
    replicaState: ['#1 {} v15+', { replicaId: 'i32 =-1', replicaEpoch: 'i64 =-1' }],
    maxWaitMs: 'i32',
    minBytes: 'i32',
    maxBytes: 'i32 =2147483647',
    isolationLevel: 'i8 =0',
    sessionId: 'i32 v7+ =0',
    sessionEpoch: 'i32 v7+ =-1',
    topics: ['[]', {
      topic: 'str ..v12',
      topicId: 'uuid v13+',
      partitions: ['[]', {
        partition: 'i32',
        currentLeaderEpoch: 'i32 v9+ =-1',
        fetchOffset: 'i64',
        lastFetchedEpoch: 'i32 v12+ =-1',
        logStartOffset: 'i64 v5+ =-1',
        partitionMaxBytes: 'i32',
        replicaDirectoryId: '#0 uuid v17+',
        highWatermark: '#1 i64 v18+ =9223372036854775807',
      }],
    }],
    forgottenTopicsData: ['[] v7+', { topic: 'str ..v12', topicId: 'uuid v13+', partitions: '[i32]' }],
    rackId: 'str v11+',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16 v7+',
    sessionId: 'i32 v7+ =0',
    responses: ['[]', {
      topic: 'str ..v12',
      topicId: 'uuid v13+',
      partitions: ['[]', {
        partitionIndex: 'i32',
        errorCode: 'i16',
        highWatermark: 'i64',
        lastStableOffset: 'i64 =-1',
        logStartOffset: 'i64 v5+ =-1',
        divergingEpoch: ['#0 {} v12+', { epoch: 'i32 =-1', endOffset: 'i64 =-1' }],
        currentLeader: ['#1 {} v12+', { leaderId: 'i32 =-1', leaderEpoch: 'i32 =-1' }],
        snapshotId: ['#2 {} v12+', { endOffset: 'i64 =-1', epoch: 'i32 =-1' }],
        abortedTransactions: ['[]?', { producerId: 'i64', firstOffset: 'i64' }],
        preferredReadReplica: 'i32 v11+ =-1',
        records: 'records?',
      }],
    }],
    nodeEndpoints: ['#0 [] v16+', { nodeId: 'i32', host: 'str', port: 'i32', rack: 'str? =null' }],
  },
});

export const listOffsets = api(2, 'ListOffsets', [1, 11], 6, {
  request: {
    replicaId: 'i32',
    isolationLevel: 'i8 v2+',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32', currentLeaderEpoch: 'i32 v4+ =-1', timestamp: 'i64' }],
    }],
    timeoutMs: 'i32 v10+',
  },
  response: {
    throttleTimeMs: 'i32 v2+ =0',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', {
        partitionIndex: 'i32',
        errorCode: 'i16',
        timestamp: 'i64 =-1',
        offset: 'i64 =-1',
        leaderEpoch: 'i32 v4+ =-1',
      }],
    }],
  },
});

export const deleteRecords = api(21, 'DeleteRecords', [0, 2], 2, {
  request: {
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32', offset: 'i64' }],
    }],
    timeoutMs: 'i32',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32', lowWatermark: 'i64', errorCode: 'i16' }],
    }],
  },
});

export const initProducerId = api(22, 'InitProducerId', [0, 5], 2, {
  request: {
    transactionalId: 'str?',
    transactionTimeoutMs: 'i32',
    producerId: 'i64 v3+ =-1',
    producerEpoch: 'i16 v3+ =-1',
  },
  response: { throttleTimeMs: 'i32 =0', errorCode: 'i16', producerId: 'i64 =-1', producerEpoch: 'i16' },
});

export const offsetForLeaderEpoch = api(23, 'OffsetForLeaderEpoch', [2, 4], 4, {
  request: {
    replicaId: 'i32 v3+',
    topics: ['[]', {
      topic: 'str',
      partitions: ['[]', { partition: 'i32', currentLeaderEpoch: 'i32 =-1', leaderEpoch: 'i32' }],
    }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      topic: 'str',
      partitions: ['[]', {
        errorCode: 'i16',
        partition: 'i32',
        leaderEpoch: 'i32 =-1',
        endOffset: 'i64 =-1',
      }],
    }],
  },
});

export const describeProducers = api(61, 'DescribeProducers', [0, 0], 0, {
  request: {
    topics: ['[]', { name: 'str', partitionIndexes: '[i32]' }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', {
        partitionIndex: 'i32',
        errorCode: 'i16',
        errorMessage: 'str? =null',
        activeProducers: ['[]', {
          producerId: 'i64',
          producerEpoch: 'i32',
          lastSequence: 'i32 =-1',
          lastTimestamp: 'i64 =-1',
          coordinatorEpoch: 'i32',
          currentTxnStartOffset: 'i64 =-1',
        }],
      }],
    }],
  },
});
