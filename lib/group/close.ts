// How the shards of a group end: calls are waited for, services are cleaned up, threads end. Each step has its time.
import { withinTime } from './deadline.js';
import type { Member } from './member.js';

/**
 * Ends all members. `whenIdle` resolves when this thread has no call to them. Fails with the first error of the steps, once all members have
 * ended.
 */
export async function closeMembers(members: readonly Member[], whenIdle: () => Promise<void>, closeTimeout: number): Promise<void> {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  const drained = whenIdle().then(() => drain(members));
  await withinTime(drained, closeTimeout, 'waiting for the calls of the group before it was closed').catch(note);
  await Promise.all(
    members.map((member) => withinTime(member.cleanUp(), closeTimeout, `the clean-up of shard ${member.index}`).catch(note)),
  );
  for (const member of members) member.tell({ type: 'end' });
  await Promise.all(members.map((member) => end(member, closeTimeout)));
  if (errors.length > 1) throw new AggregateError(errors, `the group was closed, and ${errors.length} steps of that failed`);
  if (errors.length === 1) throw errors[0];
}

/** A shard that is idle may still be called by one that is not: it is over when two rounds in a row find the same. */
async function drain(members: readonly Member[]): Promise<void> {
  for (let before = -1, now = 0; now !== before; ) {
    before = now;
    const activities = await Promise.all(members.map((member) => member.drain()));
    now = activities.reduce((sum, activity) => sum + activity, 0);
  }
}

/** A thread that is blocked does not read that it is to end. */
async function end(member: Member, closeTimeout: number): Promise<void> {
  await withinTime(member.exited, closeTimeout, `the end of shard ${member.index}`).catch(() => member.terminate());
}
