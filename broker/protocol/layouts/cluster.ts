// Facts of the cluster, and the first words of a connection. layout.ts explains the notation.
import { api } from '../layout.js';

export const metadata = api(3, 'Metadata', [0, 13], 9, {
  request: {
    topics: ['[]?(v1+)', { topicId: 'uuid v10+', name: 'str?(v10+)' }],
    allowAutoTopicCreation: 'bool v4+ =true',
    includeClusterAuthorizedOperations: 'bool v8-10',
    includeTopicAuthorizedOperations: 'bool v8+',
  },
  response: {
    throttleTimeMs: 'i32 v3+ =0',
    brokers: ['[]', { nodeId: 'i32', host: 'str', port: 'i32', rack: 'str? v1+ =null' }],
    clusterId: 'str? v2+ =null',
    controllerId: 'i32 v1+ =-1',
    topics: ['[]', {
      errorCode: 'i16',
      name: 'str?(v12+)',
      topicId: 'uuid v10+',
      isInternal: 'bool v1+',
      partitions: ['[]', {
        errorCode: 'i16',
        partitionIndex: 'i32',
        leaderId: 'i32',
        leaderEpoch: 'i32 v7+ =-1',
        replicaNodes: '[i32]',
        isrNodes: '[i32]',
        offlineReplicas: '[i32] v5+',
      }],
      topicAuthorizedOperations: 'i32 v8+ =-2147483648',
    }],
    clusterAuthorizedOperations: 'i32 v8-10 =-2147483648',
    errorCode: 'i16 v13+',
  },
});

export const apiVersions = api(18, 'ApiVersions', [0, 4], 3, {
  request: { clientSoftwareName: 'str v3+', clientSoftwareVersion: 'str v3+' },
  response: {
    errorCode: 'i16',
    apiKeys: ['[]', { apiKey: 'i16', minVersion: 'i16', maxVersion: 'i16' }],
    throttleTimeMs: 'i32 v1+ =0',
    supportedFeatures: ['#0 [] v3+', { name: 'str', minVersion: 'i16', maxVersion: 'i16' }],
    finalizedFeaturesEpoch: '#1 i64 v3+ =-1',
    finalizedFeatures: ['#2 [] v3+', { name: 'str', maxVersionLevel: 'i16', minVersionLevel: 'i16' }],
    zkMigrationReady: '#3 bool v3+ =false',
  },
});

export const saslHandshake = api(17, 'SaslHandshake', [0, 1], 'never', {
  request: { mechanism: 'str' },
  response: { errorCode: 'i16', mechanisms: '[str]' },
});

export const saslAuthenticate = api(36, 'SaslAuthenticate', [0, 2], 2, {
  request: { authBytes: 'bytes' },
  response: { errorCode: 'i16', errorMessage: 'str?', authBytes: 'bytes', sessionLifetimeMs: 'i64 v1+ =0' },
});

export const describeCluster = api(60, 'DescribeCluster', [0, 2], 0, {
  request: {
    includeClusterAuthorizedOperations: 'bool',
    endpointType: 'i8 v1+ =1',
    includeFencedBrokers: 'bool v2+',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16',
    errorMessage: 'str? =null',
    endpointType: 'i8 v1+ =1',
    clusterId: 'str',
    controllerId: 'i32 =-1',
    brokers: ['[]', {
      brokerId: 'i32',
      host: 'str',
      port: 'i32',
      rack: 'str? =null',
      isFenced: 'bool v2+',
    }],
    clusterAuthorizedOperations: 'i32 =-2147483648',
  },
});

export const describeTopicPartitions = api(75, 'DescribeTopicPartitions', [0, 0], 0, {
  request: {
    topics: ['[]', { name: 'str' }],
    responsePartitionLimit: 'i32 =2000',
    cursor: ['{}? =null', { topicName: 'str', partitionIndex: 'i32' }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      errorCode: 'i16',
      name: 'str?',
      topicId: 'uuid',
      isInternal: 'bool',
      partitions: ['[]', {
        errorCode: 'i16',
        partitionIndex: 'i32',
        leaderId: 'i32',
        leaderEpoch: 'i32 =-1',
        replicaNodes: '[i32]',
        isrNodes: '[i32]',
        eligibleLeaderReplicas: '[i32]? =null',
        lastKnownElr: '[i32]? =null',
        offlineReplicas: '[i32]',
      }],
      topicAuthorizedOperations: 'i32 =-2147483648',
    }],
    nextCursor: ['{}? =null', { topicName: 'str', partitionIndex: 'i32' }],
  },
});
