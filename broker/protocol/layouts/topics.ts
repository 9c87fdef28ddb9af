// Topics and their settings. layout.ts explains the notation.
import { api } from '../layout.js';

export const createTopics = api(19, 'CreateTopics', [2, 7], 5, {
  request: {
    topics: ['[]', {
      name: 'str',
      numPartitions: 'i32',
      replicationFactor: 'i16',
      assignments: ['[]', { partitionIndex: 'i32', brokerIds: '[i32]' }],
      configs: ['[]', { name: 'str', value: 'str?' }],
    }],
    timeoutMs: 'i32 =60000',
    validateOnly: 'bool',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    topics: ['[]', {
      name: 'str',
      topicId: 'uuid v7+',
      errorCode: 'i16',
      errorMessage: 'str?',
      topicConfigErrorCode: '#0 i16 v5+',
      numPartitions: 'i32 v5+ =-1',
      replicationFactor: 'i16 v5+ =-1',
      configs: ['[]? v5+', {
        name: 'str',
        value: 'str?',
        readOnly: 'bool',
        configSource: 'i8 =-1',
        isSensitive: 'bool',
      }],
    }],
  },
});

export const deleteTopics = api(20, 'DeleteTopics', [1, 6], 4, {
  request: {
    topics: ['[] v6+', { name: 'str? =null', topicId: 'uuid' }],
    topicNames: '[str] ..v5',
    timeoutMs: 'i32',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    responses: ['[]', {
      name: 'str?(v6+)',
      topicId: 'uuid v6+',
      errorCode: 'i16',
      errorMessage: 'str? v5+ =null',
    }],
  },
});

export const createPartitions = api(37, 'CreatePartitions', [0, 3], 2, {
  request: {
    topics: ['[]', {
      name: 'str',
      count: 'i32',
      assignments: ['[]?', { brokerIds: '[i32]' }],
    }],
    timeoutMs: 'i32',
    validateOnly: 'bool',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    results: ['[]', { name: 'str', errorCode: 'i16', errorMessage: 'str? =null' }],
  },
});

export const describeConfigs = api(32, 'DescribeConfigs', [1, 4], 4, {
  request: {
    resources: ['[]', { resourceType: 'i8', resourceName: 'str', configurationKeys: '[str]?' }],
    includeSynonyms: 'bool',
    includeDocumentation: 'bool v3+',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    results: ['[]', {
      errorCode: 'i16',
      errorMessage: 'str?',
      resourceType: 'i8',
      resourceName: 'str',
      configs: ['[]', {
        name: 'str',
        value: 'str?',
        readOnly: 'bool',
        configSource: 'i8 =-1',
        isSensitive: 'bool',
        synonyms: ['[]', { name: 'str', value: 'str?', source: 'i8' }],
        configType: 'i8 v3+ =0',
        documentation: 'str? v3+',
      }],
    }],
  },
});

export const alterConfigs = api(33, 'AlterConfigs', [0, 2], 2, {
  request: {
    resources: ['[]', {
      resourceType: 'i8',
      resourceName: 'str',
      configs: ['[]', { name: 'str', value: 'str?' }],
    }],
    validateOnly: 'bool',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    responses: ['[]', { errorCode: 'i16', errorMessage: 'str?', resourceType: 'i8', resourceName: 'str' }],
  },
});

export const incrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', [0, 1], 1, {
  request: {
    resources: ['[]', {
      resourceType: 'i8',
      resourceName: 'str',
      configs: ['[]', { name: 'str', configOperation: 'i8', value: 'str?' }],
    }],
    validateOnly: 'bool',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    responses: ['[]', { errorCode: 'i16', errorMessage: 'str?', resourceType: 'i8', resourceName: 'str' }],
  },
});

export const describeLogDirs = api(35, 'DescribeLogDirs', [1, 4], 2, {
  request: {
    topics: ['[]?', { topic: 'str', partitions: '[i32]' }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16 v3+',
    results: ['[]', {
      errorCode: 'i16',
      logDir: 'str',
      topics: ['[]', {
        name: 'str',
        partitions: ['[]', {
          partitionIndex: 'i32',
          partitionSize: 'i64',
          offsetLag: 'i64',
          isFutureKey: 'bool',
        }],
      }],
      totalBytes: 'i64 v4+ =-1',
      usableBytes: 'i64 v4+ =-1',
    }],
  },
});
