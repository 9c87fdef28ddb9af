// How the shards of a group end: calls and connections are waited for, services are cleaned up, threads end. Each step has its time.
import { CorebufError } from '../base/errors.js';
import { now } from '../base/timers.js';
import { withinTime } from './deadline.js';
import type { Member } from './member.js';

/** Milliseconds that a thread has at least to end by itself. */
const END_LEAST_MS = 100;

/**
 * Ends all members. `whenIdle` resolves when this thread has no call to them. Fails with the error of the steps that failed, once all members
 * have ended.
 */
export async function closeMembers(members: readonly Member[], whenIdle: () => Promise<void>, closeTimeout: number): Promise<void> {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  await withinTime(settle(members, whenIdle), closeTimeout, 'waiting for the calls and connections of the group before it was closed').catch(note);
  const deadline = now() + closeTimeout;
  await Promise.all(
    members.map((member) => withinTime(member.cleanUp(), closeTimeout, `the clean-up of shard ${member.index}`).catch(note)),
  );
  for (const member of members) member.tell({ type: 'end' });
  const left = Math.max(Math.ceil(deadline - now()), END_LEAST_MS);
  await Promise.all(members.map((member) => end(member, left)));
  if (errors.length > 0) throw errorOf(errors);
}

/** Calls may come from connections, so these are read no more. A connection may go to another shard as it ends. */
async function settle(members: readonly Member[], whenIdle: () => Promise<void>): Promise<void> {
  for (const member of members) member.tell({ type: 'stopReading' });
  await whenIdle();
  for (let before = -1, now = await drain(members); now !== before; ) {
    before = now;
    await Promise.all(members.map((member) => member.endConnections()));
    now = await drain(members);
  }
}

/** A shard that is idle may still be called by one that is not: it is over when two rounds in a row find the same number of calls. */
async function drain(members: readonly Member[]): Promise<number> {
  let now = -1;
  for (let before = -2; now !== before; ) {
    before = now;
    const activities = await Promise.all(members.map((member) => member.drain()));
    now = activities.reduce((sum, activity) => sum + activity, 0);
  }
  return now;
}

/** A thread that is blocked does not read that it is to end. */
async function end(member: Member, milliseconds: number): Promise<void> {
  await withinTime(member.exited, milliseconds, `the end of shard ${member.index}`).catch(() => member.terminate());
}

/** A step that took too long is ERR_TIMEOUT, whatever else has failed. */
function errorOf(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0];
  const all = new AggregateError(errors, `the group was closed, and ${errors.length} steps of that failed`);
  const overdue = errors.find((error) => error instanceof CorebufError && error.code === 'ERR_TIMEOUT');
  return overdue === undefined ? all : new CorebufError('ERR_TIMEOUT', `${(overdue as Error).message}; ${errors.length} steps failed, see \`cause\``, { cause: all });
}
