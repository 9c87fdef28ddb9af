// Access lists. layout.ts explains the notation.
import { api } from '../layout.js';

export const describeAcls = api(29, 'DescribeAcls', [1, 3], 2, {
  request: {
    resourceTypeFilter: 'i8',
    resourceNameFilter: 'str?',
    patternTypeFilter: 'i8 =3',
    principalFilter: 'str?',
    hostFilter: 'str?',
    operation: 'i8',
    permissionType: 'i8',
  },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16',
    errorMessage: 'str?',
    resources: ['[]', {
      resourceType: 'i8',
      resourceName: 'str',
      patternType: 'i8 =3',
      acls: ['[]', { principal: 'str', host: 'str', operation: 'i8', permissionType: 'i8' }],
    }],
  },
});

export const createAcls = api(30, 'CreateAcls', [1, 3], 2, {
  request: {
    creations: ['[]', {
      resourceType: 'i8',
      resourceName: 'str',
      resourcePatternType: 'i8 =3',
      principal: 'str',
      host: 'str',
      operation: 'i8',
      permissionType: 'i8',
    }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    results: ['[]', { errorCode: 'i16', errorMessage: 'str?' }],
  },
});

export const deleteAcls = api(31, 'DeleteAcls', [1, 3], 2, {
  request: {
    filters: ['[]', {
      resourceTypeFilter: 'i8',
      resourceNameFilter: 'str?',
      patternTypeFilter: 'i8 =3',
      principalFilter: 'str?',
      hostFilter: 'str?',
      operation: 'i8',
      permissionType: 'i8',
    }],
  },
  response: {
    throttleTimeMs: 'i32 =0',
    filterResults: ['[]', {
      errorCode: 'i16',
      errorMessage: 'str?',
      matchingAcls: ['[]', {
        errorCode: 'i16',
        errorMessage: 'str?',
        resourceType: 'i8',
        resourceName: 'str',
        patternType: 'i8 =3',
        principal: 'str',
        host: 'str',
        operation: 'i8',
        permissionType: 'i8',
      }],
    }],
  },
});
