// Administration of groups, and groups of the newer protocol. layout.ts explains the notation.
import { api } from '../layout.js';

export const describeGroups = api(15, 'DescribeGroups', [0, 6], 5, {
  request: { groups: '[str]', includeAuthorizedOperations: 'bool v3+' },
  response: {
    throttleTimeMs: 'i32 v1+ =0',
    groups: ['[]', {
      errorCode: 'i16',
      errorMessage: 'str? v6+ =null',
      groupId: 'str',
      groupState: 'str',
      protocolType: 'str',
      protocolData: 'str',
      members: ['[]', {
        memberId: 'str',
        groupInstanceId: 'str? v4+ =null',
        clientId: 'str',
        clientHost: 'str',
        memberMetadata: 'bytes',
        memberAssignment: 'bytes',
      }],
      authorizedOperations: 'i32 v3+ =-2147483648',
    }],
  },
});

export const listGroups = api(16, 'ListGroups', [0, 5], 3, {
  request: { statesFilter: '[str] v4+', typesFilter: '[str] v5+' },
  response: {
    throttleTimeMs: 'i32 v1+ =0',
    errorCode: 'i16',
    groups: ['[]', { groupId: 'str', protocolType: 'str', groupState: 'str v4+', groupType: 'str v5+' }],
  },
});

export const deleteGroups = api(42, 'DeleteGroups', [0, 2], 2, {
  request: { groupsNames: '[str]' },
  response: {
    throttleTimeMs: 'i32 =0',
    results: ['[]', { groupId: 'str', errorCode: 'i16' }],
  },
});

export const consumerGroupHeartbeat = api(68, 'ConsumerGroupHeartbeat', [0, 1], 0, {
  request: {
    groupId: 'str',
    memberId: 'str',
    memberEpoch: 'i32',
    instanceId: 'str? =null',
    rackId: 'str? =null',
    rebalanceTimeoutMs: 'i32 =-1',
    subscribedTopicNames: '[str]? =null',
    subscribedTopicRegex: 'str? v1+ =null',
    serverAssignor: 'str? =null',
    topicPartitions: ['[]? =null', { topicId: 'uuid', partitions: '[i32]' }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16',
    errorMessage: 'str? =null',
    memberId: 'str? =null',
    memberEpoch: 'i32',
    heartbeatIntervalMs: 'i32',
    assignment: ['{}? =null', {
      topicPartitions: ['[]', { topicId: 'uuid', partitions: '[i32]' }],
    }],
  },
});

export const consumerGroupDescribe = api(69, 'ConsumerGroupDescribe', [0, 1], 0, {
  request: { groupIds: '[str]', includeAuthorizedOperations: 'bool' },
  response: {
    throttleTimeMs: 'i32 =0',
    groups: ['[]', {
      errorCode: 'i16',
      errorMessage: 'str? =null',
      groupId: 'str',
      groupState: 'str',
      groupEpoch: 'i32',
      assignmentEpoch: 'i32',
      assignorName: 'str',
      members: ['[]', {
        memberId: 'str',
        instanceId: 'str? =null',
        rackId: 'str? =null',
        memberEpoch: 'i32',
        clientId: 'str',
        clientHost: 'str',
        subscribedTopicNames: '[str]',
        subscribedTopicRegex: 'str? =null',
        assignment: ['{}', {
          topicPartitions: ['[]', { topicId: 'uuid', topicName: 'str', partitions: '[i32]' }],
        }],
        targetAssignment: ['{}', {
          topicPartitions: ['[]', { topicId: 'uuid', topicName: 'str', partitions: '[i32]' }],
        }],
        memberType: 'i8 v1+ =-1',
      }],
      authorizedOperations: 'i32 =-2147483648',
    }],
  },
});
