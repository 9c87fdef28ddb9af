// JoinGroup, SyncGroup, Heartbeat and LeaveGroup: the members of groups.
import { errorCodes } from '../protocol/error-codes.js';
import { heartbeat as heartbeatLayout, joinGroup as joinLayout, leaveGroup as leaveLayout, syncGroup as syncLayout } from '../protocol/layouts/groups.js';
import { implement } from './api.js';

/** First version of JoinGroup whose answer may name no protocol. */
const NO_PROTOCOL_SINCE = 7;
/** First version of LeaveGroup with many members. */
const MANY_SINCE = 3;

export const joinGroup = implement(joinLayout, async (request, { version, clientId, clientHost, services }) => {
  const joined = await services.groups.of(request.groupId).join(request, { apiVersion: version, clientId, clientHost });
  const protocolName = joined.protocolName ?? (version < NO_PROTOCOL_SINCE ? '' : null);
  return { ...joined, protocolName, members: [...joined.members] };
});

export const syncGroup = implement(syncLayout, (request, { services }) => services.groups.of(request.groupId).sync(request));

export const heartbeat = implement(heartbeatLayout, (request, { services }) => services.groups.of(request.groupId).heartbeat(request));

export const leaveGroup = implement(leaveLayout, async ({ groupId, memberId, members }, { version, services }) => {
  const leaving = version >= MANY_SINCE ? members : [{ memberId, groupInstanceId: null }];
  const left = await services.groups.of(groupId).leave({ groupId, members: leaving });
  const errorCode = version >= MANY_SINCE ? left.errorCode : left.errorCode || (left.members[0]?.errorCode ?? errorCodes.NONE);
  return { errorCode, members: [...left.members] };
});
