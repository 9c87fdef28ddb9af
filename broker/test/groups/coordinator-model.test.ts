// Random members that come, work, fall silent and go. Whatever they do, nobody has another's part, and once they are left alone they agree.
import { GroupCoordinator } from '../../groups/coordinator';
import { Random } from '../../../test/support/random';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { Client } from './client';
import { FakeClock, settled } from './fake-clock';

removeScratchAfterEach();

const PARTITIONS = 8;
const HEARTBEAT_MS = 3000;
const SESSION_MS = 10_000;
const ROUNDS = 60;

/** A member that does what clients do, until it is stopped. */
class Actor extends Client {
  readonly #clock: FakeClock;
  parts: readonly number[] = [];
  alive = true;
  #busy = false;

  constructor(coordinator: GroupCoordinator, clock: FakeClock, instanceId: string | undefined) {
    super(coordinator, { sessionTimeout: SESSION_MS, rebalanceTimeout: 20_000, ...(instanceId === undefined ? {} : { instanceId }) });
    this.#clock = clock;
  }

  /** Runs by itself, a heartbeat at a time. */
  start(): this {
    this.#clock.after(0, () => void this.#turn());
    return this;
  }

  get working(): boolean {
    return this.parts.length > 0;
  }

  async #turn(): Promise<void> {
    if (!this.alive || this.#busy) return;
    this.#busy = true;
    try {
      await (this.generationId < 0 ? this.#rebalance() : this.#beat());
    } finally {
      this.#busy = false;
      if (this.alive) this.#clock.after(HEARTBEAT_MS, () => void this.#turn());
    }
  }

  async #beat(): Promise<void> {
    const code = this.heartbeat();
    if (code === 0) return;
    if (code !== 27) this.#forget();
    await this.#rebalance();
  }

  async #rebalance(): Promise<void> {
    this.parts = [];
    const joined = await this.join();
    if (joined.errorCode !== 0) return this.#forget();
    const plan = joined.leader === this.memberId && !joined.skipAssignment ? planFor(joined.members.map(({ memberId }) => memberId)) : {};
    const { errorCode, assignment } = await this.sync(plan);
    if (errorCode === 0) this.parts = JSON.parse(`[${Buffer.from(assignment).toString()}]`) as number[];
    else if (errorCode === 27) this.generationId = -1;
    else this.#forget();
  }

  #forget(): void {
    [this.memberId, this.generationId, this.parts] = ['', -1, []];
  }
}

function planFor(ids: readonly string[]): Record<string, string> {
  const parts = [...Array(PARTITIONS).keys()];
  return Object.fromEntries(ids.map((id, at) => [id, parts.filter((part) => part % ids.length === at).join()]));
}

test('whatever members do, parts are disjoint in a generation, and those who are left agree', async () => {
  const random = new Random();
  const clock = new FakeClock();
  const coordinator = await GroupCoordinator.open(scratchPath(), { clock, initialDelay: 1000 });
  const actors: Actor[] = [];
  let generation = 0;
  const alive = (): Actor[] => actors.filter((actor) => actor.alive);
  const check = (): void => {
    const newest = Math.max(0, ...actors.map(({ generationId }) => generationId));
    const current = actors.filter(({ generationId }) => generationId === newest && newest >= generation);
    const parts = current.flatMap((actor) => actor.parts);
    if (new Set(parts).size !== parts.length) throw new Error(`seed ${random.seed}: two members have the same part`);
    generation = Math.max(generation, newest);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const chance = random.unit();
    if (alive().length < 2 || chance < 0.35) {
      actors.push(new Actor(coordinator, clock, random.upTo(2) === 0 ? `static ${actors.length}` : undefined).start());
    } else if (chance < 0.5) random.pick(alive()).alive = false;
    else if (chance < 0.65) {
      const leaving = random.pick(alive());
      leaving.alive = false;
      leaving.leave();
    } else if (chance < 0.75) random.pick(alive()).metadata = `changed ${round}`;
    for (let turn = random.upTo(6); turn > 0; turn--) {
      await clock.pass(random.size(5000));
      check();
    }
  }
  await clock.pass(200_000);
  await settled();
  const left = alive();
  const [described] = await coordinator.describe(['group'], { apiVersion: 5 });
  expect({ seed: random.seed, state: described!.groupState }).toEqual({ seed: random.seed, state: 'Stable' });
  expect(described!.members.map(({ memberId }) => memberId).sort()).toEqual(left.map(({ memberId }) => memberId).sort());
  expect(new Set(left.map(({ generationId }) => generationId)).size).toBe(1);
  expect(left.flatMap(({ parts }) => parts).sort()).toEqual([...Array(PARTITIONS).keys()]);
  await coordinator.close();
});
