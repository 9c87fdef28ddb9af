// DescribeGroups, ListGroups and DeleteGroups.
import { errorCodes } from '../protocol/error-codes.js';
import { deleteGroups as deleteLayout, describeGroups as describeLayout, listGroups as listLayout } from '../protocol/layouts/group-admin.js';
import { implement } from './api.js';

export const describeGroups = implement(describeLayout, async ({ groups }, { version, services }) => {
  const described = await Promise.all(groups.map((groupId) => services.groups.of(groupId).describe(groupId, version)));
  return { groups: described.map((group) => ({ ...group, members: [...group.members] })) };
});

export const listGroups = implement(listLayout, async ({ statesFilter, typesFilter }, { services }) => ({
  errorCode: errorCodes.NONE,
  groups: await services.groups.list(statesFilter, typesFilter),
}));

export const deleteGroups = implement(deleteLayout, async ({ groupsNames }, { services }) => ({
  results: await Promise.all(
    groupsNames.map(async (groupId) => ({ groupId, errorCode: await services.groups.of(groupId).deleteGroup(groupId) })),
  ),
}));
