// Counts of the requests from and to this shard. A shard without any may end.
import { assert } from '../base/assert.js';
import { clearInterval, setInterval } from '../base/timers.js';
import { constants } from '../native/binding.js';
import { counted } from '../native/shared-areas.js';
import { state } from './state.js';

const { countedCallsQueued } = constants;

/** A peer with calls that wait because too many are under way to it. */
export interface BlockedPeer {
  /** Number of the shard that the calls are for. */
  readonly to: number;
  /** Calls that wait. */
  readonly waiting: number;
  /** Sends the calls for which there is room now. */
  sendQueued(): void;
  /** Called every STUCK_MS while something waits. */
  raiseLimit(): void;
}

/** Milliseconds without an answer after which requests may be waiting for each other. */
const STUCK_MS = 50;

const { traffic } = state;

export function countSent(): void {
  traffic.awaited++;
  traffic.activity++;
}

export function countSettled(): void {
  assert(traffic.awaited > 0, 'an answer belongs to a request that was sent');
  traffic.awaited--;
}

/** Each request that this shard owes an answer for gives its own calls more room (InFlightLimit). */
export function countReceived(): void {
  traffic.unanswered++;
  traffic.activity++;
  if (traffic.blocked.size > 0) for (const peer of traffic.blocked) peer.sendQueued();
}

export function countAnswered(): void {
  assert(traffic.unanswered > 0, 'an answer belongs to a request that was received');
  traffic.unanswered--;
}

export function countQueued(): void {
  counted[countedCallsQueued] = ++traffic.queued;
}

export function countUnqueued(): void {
  assert(traffic.queued > 0, 'a call that leaves a queue was in it');
  counted[countedCallsQueued] = --traffic.queued;
  tellIdle();
}

/** Requests of other shards that this shard has not answered yet. */
export function unansweredCount(): number {
  return traffic.unanswered;
}

/** Says whether calls to `peer` wait for room. */
export function setBlocked(peer: BlockedPeer, blocked: boolean): void {
  if (blocked) traffic.blocked.add(peer);
  else traffic.blocked.delete(peer);
  if (traffic.blocked.size > 0) traffic.timer ??= setInterval(raiseLimits, STUCK_MS).unref();
  else if (traffic.timer !== undefined) traffic.timer = void clearInterval(traffic.timer);
}

function raiseLimits(): void {
  for (const peer of traffic.blocked) peer.raiseLimit();
}

/** Calls to that shard that wait here for room. */
export function waitingFor(shard: number): number {
  let count = 0;
  for (const peer of traffic.blocked) if (peer.to === shard) count += peer.waiting;
  return count;
}

/** True when this shard waits for no answer, owes none, and has no call left to send. */
function isIdle(): boolean {
  return traffic.unanswered === 0 && traffic.queued === 0 && traffic.awaited === 0;
}

/** Resolves when this shard is idle, with the number of requests that it has sent and received by then. */
export async function whenIdle(): Promise<number> {
  if (!isIdle()) await new Promise<void>((resolve) => traffic.idleListeners.push(resolve));
  return traffic.activity;
}

export function tellIdle(): void {
  if (traffic.idleListeners.length === 0 || !isIdle()) return;
  for (const listener of traffic.idleListeners.splice(0)) listener();
}
