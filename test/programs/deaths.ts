// One shard of three ends in one way, again and again, each time with something else in flight; prints what has been survived.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DmaBuffer, IoBuf, ShardGroup, thisShard } from 'corebuf';
import '../support/compile-in-thread.js';
import type { Remote, ShardExit } from 'corebuf';
import type { Death, Doomed } from '../workers/death-shard.js';

const LENGTH = 50_000;
const VICTIM = 1;
const SURVIVOR = 0;
const PATIENCE_MS = 20_000;

type Way = Death | 'terminate' | 'close';

interface Scene {
  readonly victim: Remote<Doomed>;
  readonly survivor: Remote<Doomed>;
}

/** Checks the state once the victim has ended; gives everything back. */
type Aftermath = () => Promise<void> | void;

/** Calls that must fail, and no other way. */
function doomedCalls(...calls: Promise<unknown>[]): Aftermath {
  const ends = calls.map((call) => assert.rejects(call, { code: 'ERR_SHARD_GONE' }));
  return async () => void (await Promise.all(ends));
}

function expectBytes(chain: IoBuf, fill: number): void {
  assert.ok(chain.toBuffer().equals(Buffer.alloc(LENGTH, fill)), 'bytes have changed');
  chain.release();
}

/** Chains of the victim, here and on its sibling, in parts and as wholes. */
async function fromVictim({ survivor }: Scene, make: () => Promise<IoBuf>): Promise<Aftermath> {
  const [here, there] = [await make(), await make()];
  const [view] = [...here];
  const part = here.share(10, 110);
  await survivor.hold(there, here.share());
  return async () => {
    assert.equal(view![0], 7);
    assert.equal(part.length, 100);
    part.release();
    expectBytes(here, 7);
    assert.ok(await survivor.holds(LENGTH, 7), "a sibling's bytes have changed");
    await survivor.dropAll();
  };
}

/** Chains of others on the victim. */
async function toVictim({ victim, survivor }: Scene, make: () => IoBuf): Promise<Aftermath> {
  const ours = make();
  await victim.hold(ours.share(), make(), await survivor.chain(LENGTH, 7), await survivor.wrapped(LENGTH, 7));
  return () => expectBytes(ours, 7);
}

const scenes: Record<string, (scene: Scene) => Promise<Aftermath> | Aftermath> = {
  nothing: () => () => undefined,
  'its chains elsewhere': (scene) => fromVictim(scene, () => scene.victim.chain(LENGTH, 7)),
  'its wrapped memory elsewhere': (scene) => fromVictim(scene, () => scene.victim.wrapped(LENGTH, 7)),
  'chains of others': (scene) => toVictim(scene, () => IoBuf.from(Buffer.alloc(LENGTH, 7))),
  'wrapped memory of others': (scene) => toVictim(scene, () => IoBuf.wrap(new Uint8Array(LENGTH).fill(7))),
  'DMA buffers in both directions': async ({ victim, survivor }) => {
    const theirs = await victim.dma(8192, 9);
    await survivor.hold(await victim.dma(8192, 9));
    await victim.hold(DmaBuffer.alloc(8192), await survivor.dma(8192, 9));
    return async () => {
      assert.ok(theirs.bytes.every((byte) => byte === 9));
      theirs.release();
      await survivor.dropAll();
    };
  },
  'file I/O': async ({ victim, survivor }) => {
    await victim.storm('storm', await survivor.chain(LENGTH, 7));
    return () => undefined;
  },
};

/** A call that close() would wait for, for ever. */
const endlessScenes: typeof scenes = {
  'calls to it': ({ victim, survivor }) =>
    doomedCalls(victim.never(), victim.never(IoBuf.from('x'.repeat(LENGTH)), DmaBuffer.alloc(4096)), survivor.callNever(VICTIM, LENGTH)),
  'more calls to it than may be in flight': ({ victim, survivor }) =>
    doomedCalls(
      ...Array.from({ length: 50 }, (_, at) => victim.never(IoBuf.from('x'.repeat(at * 100)))),
      ...Array.from({ length: 20 }, () => survivor.callNever(VICTIM, 1000)),
    ),
  'calls of its own': ({ victim, survivor }) => {
    const doomed = doomedCalls(...Array.from({ length: 20 }, () => victim.callNever(SURVIVOR, LENGTH)));
    return async () => {
      await doomed();
      await survivor.letGo(); // A caller's end does not end what its sibling does for it, and close() waits for that.
    };
  },
  'calls without end, both ways': ({ victim, survivor }) => doomedCalls(victim.flood(SURVIVOR), survivor.flood(VICTIM), victim.flood(2)),
};

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function end(group: ShardGroup<Doomed>, way: Way): Promise<void> {
  if (way === 'terminate') await group.terminate(VICTIM);
  // By the third shard: what the first two call may have to wait.
  else await group.shard(2).kill(VICTIM, way as Death).catch((error: { code?: string }) => assert.equal(error.code, 'ERR_SHARD_GONE'));
}

const codes: Partial<Record<Way, number>> = { exit: 3 };
const errors: Partial<Record<Way, string | RegExp>> = {
  throw: 'uncaught on a shard',
  reject: 'unhandled on a shard',
  exhaust: /memory limit/,
  'exhaust natively': /memory limit/,
};

function expectExit(way: Way, exits: readonly ShardExit[], reported: readonly Error[]): void {
  assert.deepEqual(exits.map(({ index, code }) => [index, code]), [[VICTIM, codes[way] ?? 1]]);
  assert.equal(reported.length, errors[way] === undefined ? 0 : 1);
  assert.equal(exits[0]!.error, reported[0]);
  if (errors[way] !== undefined) assert.match(reported[0]!.message, new RegExp(errors[way]));
}

function startDoomed(folder: string): Promise<ShardGroup<Doomed>> {
  return ShardGroup.start<Doomed>(join(__dirname, '../workers/death-shard.js'), {
    shards: 3, memory: '192MiB', pin: false, maxInFlight: 8, workerData: folder,
    // A shard that ends in the middle of appending warns of its unflushed bytes, which is right.
    execArgv: ['--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
  });
}

async function play(way: Way, folder: string, prepare: (scene: Scene) => Promise<Aftermath> | Aftermath): Promise<void> {
  const liveBefore = thisShard.memory.stats().liveObjects;
  const group = await startDoomed(folder);
  const exits: ShardExit[] = [];
  const reported: Error[] = [];
  group.addListener('exit', (exit: ShardExit) => exits.push(exit));
  group.addListener('error', (error: Error) => reported.push(error));
  const [victim, survivor] = [group.shard(VICTIM), group.shard(SURVIVOR)];
  const siblingsLive = (): Promise<number[]> => Promise.all([survivor.live(), group.shard(2).live()]);
  const before = await siblingsLive();
  const aftermath = await prepare({ victim, survivor });
  for (let turn = Math.random() * 20; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));

  await end(group, way);
  await until(() => exits.length > 0, 'the exit');
  expectExit(way, exits, reported);
  await aftermath();
  await assert.rejects(victim.id(), { code: 'ERR_SHARD_GONE' });
  assert.equal(await survivor.index(), SURVIVOR);
  await until(() => thisShard.memory.stats().liveObjects === liveBefore, `${liveBefore} live objects here`);
  await until(async () => (await siblingsLive()).join() === before.join(), `${before.join()} live objects on the siblings`);
  await group.restart(VICTIM);
  assert.equal(await victim.index(), VICTIM);
  await group.close();
}

async function playClose(folder: string, prepare: (scene: Scene) => Promise<Aftermath> | Aftermath): Promise<void> {
  const liveBefore = thisShard.memory.stats().liveObjects;
  const group = await startDoomed(folder);
  const exits: ShardExit[] = [];
  group.addListener('exit', (exit: ShardExit) => exits.push(exit));
  const [victim, survivor] = [group.shard(VICTIM), group.shard(SURVIVOR)];
  const here = await victim.chain(LENGTH, 7);
  await prepare({ victim, survivor });
  const calls = [victim.length(IoBuf.from('last words')), survivor.length(await victim.dma(4096, 1))];
  await group.close();
  assert.deepEqual(await Promise.all(calls), [10, 4096], 'calls were not waited for');
  assert.deepEqual(exits.map(({ code, error }) => [code, error]), Array(3).fill([0, undefined]));
  expectBytes(here, 7);
  // Nobody else gives back the objects that the scene holds here; garbage collection is not awaited.
  assert.ok(thisShard.memory.stats().liveObjects >= liveBefore);
}

async function main(way: Way, folder: string): Promise<void> {
  const ids = new Set<number>();
  const played = way === 'close' ? scenes : { ...scenes, ...endlessScenes };
  for (const [name, prepare] of Object.entries(played)) {
    if (way === 'close') await playClose(folder, prepare);
    else await play(way, folder, prepare);
    console.log(name);
  }
  const last = await startDoomed(folder);
  for (const { id } of await last.stats()) ids.add(id);
  await last.close();
  // Numbers are used again when nothing of a shard's memory is left.
  if (way !== 'close') assert.ok(Math.max(...ids) <= 4, `arenas are left: ${[...ids].join()}`);
}

void main(process.argv[2] as Way, process.argv[3]!);
