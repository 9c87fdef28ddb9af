// Bytes of V8's heap that the groups of one shard hold: of groups, members, and clients that are about to join. A request counts while it is under
// way; what it leaves behind counts here, so that clients cannot make it grow without end. Sizes of objects and timers are estimates.
import type { Protocol } from './messages.js';

const GROUP_BYTES = 2048;
const MEMBER_BYTES = 2048;
const PROTOCOL_BYTES = 300;
/** Of an id that was given to a client that has not joined yet. */
export const RESERVED_BYTES = 1024;

export class GroupMemory {
  readonly #most: number;
  #bytes = 0;

  /** `most` in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#most;
  }

  /** Counts bytes that are held from now on; less than 0: that are held no more. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }
}

export function bytesOfGroup(id: string, protocolType: string): number {
  return GROUP_BYTES + bytesOfText(id) + bytesOfText(protocolType);
}

export function bytesOfMember(names: readonly (string | null)[], protocols: readonly Protocol[]): number {
  const texts = names.reduce((sum, name) => sum + bytesOfText(name ?? ''), 0);
  return MEMBER_BYTES + texts + protocols.reduce((sum, { name, metadata }) => sum + PROTOCOL_BYTES + bytesOfText(name) + metadata.length, 0);
}

/** V8 needs two bytes for a character at most. */
function bytesOfText(text: string): number {
  return 2 * text.length;
}
