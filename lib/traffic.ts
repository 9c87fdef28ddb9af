// What is under way from and to this shard: when nothing is, it may end.

/** Who keeps calls to one shard back, because many are under way. */
export interface Holder {
  readonly to: number;
  readonly waiting: number;
  /** Sends those for which there is room now. */
  sendQueued(): void;
  /** Called every STUCK_MS while something waits. */
  loosen(): void;
}

/** So long may requests wait for each other, and for what is held back behind them. */
const STUCK_MS = 50;

const holders = new Set<Holder>();
let timer: NodeJS.Timeout | undefined;
const idleListeners: (() => void)[] = [];
/** Sent, and not answered yet. */
let awaited = 0;
/** Received, and not answered yet. */
let unanswered = 0;
/** Prepared, and neither sent nor discarded yet. */
let queued = 0;
/** Requests that were ever sent or received. */
let activity = 0;

export function countSent(): void {
  awaited++;
  activity++;
}

export function countSettled(): void {
  awaited--;
}

/** What is held back may go on now: see Peer. */
export function countReceived(): void {
  unanswered++;
  activity++;
  if (holders.size > 0) for (const holder of holders) holder.sendQueued();
}

export function countAnswered(): void {
  unanswered--;
}

export function countQueued(change: 1 | -1): void {
  queued += change;
  if (change < 0) tellIdle();
}

/** Requests of others that this shard has not answered. */
export function owed(): number {
  return unanswered;
}

export function holds(holder: Holder, something: boolean): void {
  if (something) holders.add(holder);
  else holders.delete(holder);
  if (holders.size > 0) timer ??= setInterval(loosenAll, STUCK_MS).unref();
  else if (timer !== undefined) timer = void clearInterval(timer);
}

function loosenAll(): void {
  for (const holder of holders) holder.loosen();
}

/** Calls to that shard which wait here for their turn. */
export function heldBack(to: number): number {
  let count = 0;
  for (const holder of holders) if (holder.to === to) count += holder.waiting;
  return count;
}

/** True when this shard waits for no answer, owes none, and has no call left to send. */
export function isIdle(): boolean {
  return unanswered === 0 && queued === 0 && awaited === 0;
}

/** Resolves once isIdle(), with how many requests have come and gone here by then. */
export async function whenIdle(): Promise<number> {
  if (!isIdle()) await new Promise<void>((resolve) => idleListeners.push(resolve));
  return activity;
}

export function tellIdle(): void {
  if (idleListeners.length === 0 || !isIdle()) return;
  for (const listener of idleListeners.splice(0)) listener();
}
