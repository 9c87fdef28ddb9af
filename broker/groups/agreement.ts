// What the members of a group have agreed on, and the answers that tell them.
import { NO_BYTES } from './member.js';
import type { Member } from './member.js';
import type { DescribedMember, JoinAnswer, SyncAnswer } from './messages.js';

export interface Agreement {
  readonly generation: number;
  readonly protocolType: string;
  /** Name of the protocol; null while there is none. */
  readonly protocol: string | null;
  /** Id of the leader; empty while there is none. */
  readonly leader: string;
}

/** Answer to a member that has joined. Only the leader is told of the others. */
export function joinAnswer({ generation, protocolType, protocol, leader }: Agreement, member: Member, all: readonly Member[]): JoinAnswer {
  const listed = member.id === leader ? all : [];
  return {
    errorCode: 0,
    generationId: generation,
    protocolType,
    protocolName: protocol,
    leader,
    skipAssignment: false,
    memberId: member.id,
    members: listed.map((one) => ({ memberId: one.id, groupInstanceId: one.instanceId, metadata: one.metadataFor(protocol) })),
  };
}

export function syncAnswer({ protocolType, protocol }: Agreement, { assignment }: Member): SyncAnswer {
  return { errorCode: 0, protocolType, protocolName: protocol, assignment };
}

/** A member as DescribeGroups shows it. Without a protocol, nothing has been agreed on that could be shown. */
export function describedMember(member: Member, protocol: string | null): DescribedMember {
  return {
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: member.metadataFor(protocol),
    memberAssignment: protocol === null ? NO_BYTES : member.assignment,
  };
}
