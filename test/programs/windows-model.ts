// Random objects on three shards, and everything that shows their bytes: allocations, shares, hops, wraps, releases, clones, transfers and
// collections. Each object is filled with its own number. The ArrayBuffer of no view may hold the number of another live object, except for small
// ones beside each other; content is right throughout. Freed memory is zeroed, so that a number that is found belongs to somebody who lives.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { attach, DmaBuffer, IoBuf, ShardGroup, thisShard } from 'corebuf';
import { Random } from '../support/random.js';
import type { ServiceUnderTest } from '../workers/service';

const SMALL = 4096;
const SMALL_WINDOW = 64 * 1024;
const LIVE_MOST = 60;
const CHECKED_MOST = 32;
const [, , steps = '20000'] = process.argv;

/** Bytes of `number`, in words of 32 bits. */
interface Held {
  readonly number: number;
  readonly length: number;
  readonly object: DmaBuffer | IoBuf;
  /** The object whose bytes it refers to has so many. */
  readonly root: number;
  readonly wrapped: boolean;
}

const random = new Random();
const live: Held[] = [];
/** By number: how many objects of it live, and whether its bytes lie in a small slot. */
const living = new Map<number, { count: number; small: boolean }>();
let last = 0;

function add(held: Held): void {
  live.push(held);
  const known = living.get(held.number);
  if (known === undefined) living.set(held.number, { count: 1, small: held.root < SMALL });
  else known.count++;
}

function drop(at: number): Held {
  const [held] = live.splice(at, 1);
  const known = living.get(held!.number)!;
  if (--known.count === 0) living.delete(held!.number);
  return held!;
}

function words(length: number): number {
  return Math.max(4, length - (length % 4));
}

function filled(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  new Uint32Array(bytes.buffer, bytes.byteOffset, length / 4).fill(number);
  return bytes;
}

function make(): void {
  const length = words(random.pick([64, 600, 3000, 4096, 5000, 20_000, 128 * 1024, 300_000]) - random.upTo(10) * 4);
  const number = ++last;
  const bytes = filled(number, length);
  const kind = random.pick(['dma', 'chain', 'chain', 'wrap', 'taken'] as const);
  if (kind === 'wrap') return add({ number, length, object: IoBuf.wrap(bytes), root: length, wrapped: true });
  if (kind === 'chain') return add({ number, length, object: IoBuf.from(bytes), root: length, wrapped: false });
  const block = DmaBuffer.alloc(length, { alignment: random.pick([64, 512, 4096]) });
  block.bytes.set(bytes);
  add({ number, length, object: kind === 'dma' ? block : new IoBuf().take(block), root: length, wrapped: false });
}

function share(held: Held): void {
  const start = words(random.upTo(held.length - 4));
  const end = Math.min(held.length, start + words(random.upTo(held.length)));
  if (start >= end) return;
  const object = held.object.share(start, end);
  add({ ...held, length: end - start, object });
}

function viewsOf({ object }: Held): Buffer[] {
  return object instanceof DmaBuffer ? [object.bytes] : [...object];
}

function check(held: Held): void {
  let length = 0;
  for (const view of viewsOf(held)) {
    length += view.length;
    const shown = new Uint32Array(view.buffer, view.byteOffset, view.length / 4);
    assert.ok(shown.every((word) => word === held.number), `object ${held.number} shows other bytes`);
    checkWindow(held, view);
  }
  assert.equal(length, held.length);
}

function checkWindow(held: Held, view: Buffer): void {
  // Where views are copies, nobody can see more than the copy of one object and its shares.
  if (process.env.COREBUF_COPY_VIEWS === '1') return;
  const { buffer } = view;
  if (held.object instanceof DmaBuffer) assert.deepEqual([view.byteOffset, buffer.byteLength], [0, held.length]);
  else if (view.length < SMALL && !held.wrapped) assert.ok(buffer.byteLength <= SMALL_WINDOW);
  for (const word of new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4))) {
    if (word === 0 || word === held.number) continue;
    const other = living.get(word);
    assert.ok(other === undefined || (other.small && held.root < SMALL), `object ${held.number} shows object ${word}`);
  }
}

/** Takes an ArrayBuffer away; newer versions of Node refuse. Other objects must notice nothing. */
function transfer(held: Held): void {
  const { buffer } = viewsOf(held)[0]!;
  try {
    (buffer as { transfer?: () => unknown }).transfer?.();
  } catch (error) {
    assert.equal((error as Error).name, 'TypeError');
  }
  check(held);
}

function clone(held: Held): void {
  const view = viewsOf(held)[0]!;
  const copy = structuredClone(view) as Uint8Array;
  assert.equal(copy.buffer.byteLength, view.buffer.byteLength);
  assert.ok(view.equals(copy));
}

/** Nobody holds the object any more, but a view of it: its bytes stay until the view goes, too. */
const views: { view: Buffer; number: number }[] = [];

function forget(at: number): void {
  const { number, length, object, root, wrapped } = drop(at);
  if (length > 20_000 || wrapped) return object.release();
  const [view] = viewsOf({ number, length, object, root, wrapped });
  views.push({ view: view!, number });
  if (views.length > 10) views.shift();
}

function checkViews(): void {
  for (const { view, number } of views) assert.ok(view.equals(filled(number, view.length)), `a view of ${number} shows other bytes`);
}

async function main(): Promise<void> {
  attach({ memory: '256MiB', zeroOnRelease: true });
  const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 2, memory: '64MiB' });
  const hop = async (at: number): Promise<void> => {
    const held = drop(at);
    const sent = held.object;
    add({ ...held, object: (await group.shard(random.upTo(1)).echo(sent)) as DmaBuffer | IoBuf });
  };
  for (let step = 0; step < Number(steps); step++) {
    if (live.length === 0 || (live.length < LIVE_MOST && random.unit() < 0.3)) make();
    const at = random.upTo(live.length - 1);
    const held = live[at]!;
    const chance = random.unit();
    if (chance < 0.15) share(held);
    else if (chance < 0.4) drop(at).object.release();
    else if (chance < 0.43) await hop(at);
    else if (chance < 0.45) transfer(held);
    else if (chance < 0.5) clone(held);
    else if (chance < 0.52) forget(at);
    else if (step % CHECKED_MOST === 0) check(held);
    if (random.unit() < 0.0005) {
      gc!();
      await new Promise((resolve) => setImmediate(resolve));
      checkViews();
    }
    if (live.length > LIVE_MOST) drop(0).object.release();
  }
  for (const held of live) check(held);
  while (live.length > 0) drop(0).object.release();
  await group.close();
  assert.ok(thisShard.memory.stats().used < 16 * 1024 * 1024);
}

main().catch((error: unknown) => {
  console.error(`COREBUF_SEED=${random.seed}`, error);
  process.exit(1); // The group would keep the process alive.
});
