// Ids of members: unique, and with the name of the client in front, for people who read lists of members.
import { randomUuid, uuidText } from '../protocol/uuid.js';

/** Characters of the client's name, at most: an id must fit into every answer. */
const NAME_MAX = 255;
/** The first half of a character that is cut would not come back as it was sent. */
const HALF_AT_END = /[\ud800-\udbff]$/;

export function newMemberId(name: string): string {
  return `${name.slice(0, NAME_MAX).replace(HALF_AT_END, '')}-${uuidText(randomUuid())}`;
}
