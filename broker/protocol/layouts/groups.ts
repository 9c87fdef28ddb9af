// Members of groups and their offsets. layout.ts explains the notation.
import { api } from '../layout.js';

export const offsetCommit = api(8, 'OffsetCommit', [2, 10], 8, {
  request: {
    groupId: 'str',
    generationIdOrMemberEpoch: 'i32 =-1',
    memberId: 'str',
    groupInstanceId: 'str? v7+ =null',
    retentionTimeMs: 'i64 ..v4 =-1',
    topics: ['[]', {
      name: 'str ..v9',
      topicId: 'uuid v10+',
      partitions: ['[]', {
        partitionIndex: 'i32',
        committedOffset: 'i64',
        committedLeaderEpoch: 'i32 v6+ =-1',
        committedMetadata: 'str?',
      }],
    }],
  },
  response: {
    throttleTimeMs: 'i32 v3+ =0',
    topics: ['[]', {
      name: 'str ..v9',
      topicId: 'uuid v10+',
      partitions: ['[]', { partitionIndex: 'i32', errorCode: 'i16' }],
    }],
  },
});

export const offsetFetch = api(9, 'OffsetFetch', [1, 10], 6, {
  request: {
    groupId: 'str ..v7',
    topics: ['[]?(v2+) ..v7', { name: 'str', partitionIndexes: '[i32]' }],
    groups: ['[] v8+', {
      groupId: 'str',
      memberId: 'str? v9+ =null',
      memberEpoch: 'i32 v9+ =-1',
      topics: ['[]?', { name: 'str ..v9', topicId: 'uuid v10+', partitionIndexes: '[i32]' }],
    }],
    requireStable: 'bool v7+',
  },
  response: {
    throttleTimeMs: 'i32 v3+ =0',
    topics: ['[] ..v7', {
      name: 'str',
      partitions: ['[]', {
        partitionIndex: 'i32',
        committedOffset: 'i64',
        committedLeaderEpoch: 'i32 v5+ =-1',
        metadata: 'str?',
        errorCode: 'i16',
      }],
    }],
    errorCode: 'i16 v2-7 =0',
    groups: ['[] v8+', {
      groupId: 'str',
      topics: ['[]', {
        name: 'str ..v9',
        topicId: 'uuid v10+',
        partitions: ['[]', {
          partitionIndex: 'i32',
          committedOffset: 'i64',
          committedLeaderEpoch: 'i32 =-1',
          metadata: 'str?',
          errorCode: 'i16',
        }],
      }],
      errorCode: 'i16 =0',
    }],
  },
});

export const findCoordinator = api(10, 'FindCoordinator', [0, 6], 3, {
  request: { key: 'str ..v3', keyType: 'i8 v1+ =0', coordinatorKeys: '[str] v4+' },
  response: {
    throttleTimeMs: 'i32 v1+ =0',
    errorCode: 'i16 ..v3',
    errorMessage: 'str? v1-3',
    nodeId: 'i32 ..v3',
    host: 'str ..v3',
    port: 'i32 ..v3',
    coordinators: ['[] v4+', {
      key: 'str',
      nodeId: 'i32',
      host: 'str',
      port: 'i32',
      errorCode: 'i16',
      errorMessage: 'str?',
    }],
  },
});

export const joinGroup = api(11, 'JoinGroup', [0, 9], 6, {
  request: {
    groupId: 'str',
    sessionTimeoutMs: 'i32',
    rebalanceTimeoutMs: 'i32 v1+ =-1',
    memberId: 'str',
    groupInstanceId: 'str? v5+ =null',
    protocolType: 'str',
    protocols: ['[]', { name: 'str', metadata: 'bytes' }],
    reason: 'str? v8+ =null',
  },
  response: {
    throttleTimeMs: 'i32 v2+ =0',
    errorCode: 'i16',
    generationId: 'i32 =-1',
    protocolType: 'str? v7+ =null',
    protocolName: 'str?(v7+)',
    leader: 'str',
    skipAssignment: 'bool v9+',
    memberId: 'str',
    members: ['[]', { memberId: 'str', groupInstanceId: 'str? v5+ =null', metadata: 'bytes' }],
  },
});

export const heartbeat = api(12, 'Heartbeat', [0, 4], 4, {
  request: { groupId: 'str', generationId: 'i32', memberId: 'str', groupInstanceId: 'str? v3+ =null' },
  response: { throttleTimeMs: 'i32 v1+ =0', errorCode: 'i16' },
});

export const leaveGroup = api(13, 'LeaveGroup', [0, 5], 4, {
  request: {
    groupId: 'str',
    memberId: 'str ..v2',
    members: ['[] v3+', { memberId: 'str', groupInstanceId: 'str? =null', reason: 'str? v5+ =null' }],
  },
  response: {
    throttleTimeMs: 'i32 v1+ =0',
    errorCode: 'i16',
    members: ['[] v3+', { memberId: 'str', groupInstanceId: 'str?', errorCode: 'i16' }],
  },
});

export const syncGroup = api(14, 'SyncGroup', [0, 5], 4, {
  request: {
    groupId: 'str',
    generationId: 'i32',
    memberId: 'str',
    groupInstanceId: 'str? v3+ =null',
    protocolType: 'str? v5+ =null',
    protocolName: 'str? v5+ =null',
    assignments: ['[]', { memberId: 'str', assignment: 'bytes' }],
  },
  response: {
    throttleTimeMs: 'i32 v1+ =0',
    errorCode: 'i16',
    protocolType: 'str? v5+ =null',
    protocolName: 'str? v5+ =null',
    assignment: 'bytes',
  },
});

export const offsetDelete = api(47, 'OffsetDelete', [0, 0], 'never', {
  request: {
    groupId: 'str',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32' }],
    }],
  },
  response: {
    errorCode: 'i16',
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      name: 'str',
      partitions: ['[]', { partitionIndex: 'i32', errorCode: 'i16' }],
    }],
  },
});
