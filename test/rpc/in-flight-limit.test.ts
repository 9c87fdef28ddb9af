// The bound on requests from one shard to another, and the claim of docs/design/queues.md: whatever calls whatever, every call ends.
import { Random } from '../support/random';
import { InFlightLimit } from '../../lib/rpc/in-flight-limit';

describe('the limit', () => {
  test('is maxInFlight and one more for each request that the shard owes an answer', () => {
    const limit = new InFlightLimit(2);
    limit.begin();
    limit.begin();
    expect([0, 1, 2].map((unanswered) => limit.hasRoom(unanswered))).toEqual([false, true, true]);
    limit.begin();
    expect([1, 2].map((unanswered) => limit.hasRoom(unanswered))).toEqual([false, true]);
  });

  test('rises by one, two, four, … while nothing ends and answers are owed, and falls back when nothing waits', () => {
    const limit = new InFlightLimit(1);
    const fill = (): number => {
      let began = 0;
      for (; limit.hasRoom(0); began++) limit.begin();
      return began;
    };
    expect(fill()).toBe(1);
    expect(limit.raise(0)).toBe(false);
    const steps = [1, 1, 1].map(() => (limit.raise(1) ? fill() : 0));
    expect(steps).toEqual([1, 2, 4]);
    limit.end(false);
    expect(limit.raise(1)).toBe(false);
    while (limit.inFlight > 0) limit.end(true);
    expect(fill()).toBe(1);
  });

  test('refuses the end of a request that has not begun', () => {
    expect(() => new InFlightLimit(1).end(true)).toThrow(/a bug, please report it: a request that ends has begun/);
  });
});

/** A call: its method makes the calls `within`, and ends once they have ended. */
interface Call {
  readonly from: number;
  readonly to: number;
  readonly within: readonly Call[];
  left: number;
  readonly parent: Call | undefined;
}

/** Shards that do nothing but call each other, as queues.md has them. Every step of it is chosen at random. */
class Model {
  ended = 0;
  readonly #random: Random;
  readonly #limits: InFlightLimit[][];
  readonly #queues: Call[][][];
  readonly #unanswered: number[];
  /** Requests and answers that have been sent and have not arrived. */
  readonly #messages: { readonly call: Call; readonly isAnswer: boolean }[] = [];

  constructor(random: Random, shards: number, maxInFlight: number) {
    const table = <T>(make: () => T): T[][] => Array.from({ length: shards }, () => Array.from({ length: shards }, make));
    this.#random = random;
    this.#limits = table(() => new InFlightLimit(maxInFlight));
    this.#queues = table<Call[]>(() => []);
    this.#unanswered = new Array<number>(shards).fill(0);
  }

  make(call: Call): void {
    this.#queues[call.from]![call.to]!.push(call);
    this.#sendQueued(call.from);
  }

  run(): void {
    while (this.#messages.length > 0) {
      const { call, isAnswer } = this.#messages.splice(this.#random.upTo(this.#messages.length - 1), 1)[0]!;
      if (isAnswer) this.#settle(call);
      else this.#serve(call);
    }
  }

  #sendQueued(from: number): void {
    this.#queues[from]!.forEach((queue, to) => {
      const limit = this.#limits[from]![to]!;
      while (queue.length > 0 && limit.hasRoom(this.#unanswered[from]!)) {
        limit.begin();
        this.#messages.push({ call: queue.shift()!, isAnswer: false });
      }
    });
  }

  #serve(call: Call): void {
    this.#unanswered[call.to]!++;
    this.#sendQueued(call.to);
    for (const inner of call.within) this.make(inner);
    if (call.left === 0) this.#answer(call);
  }

  #answer(call: Call): void {
    this.#unanswered[call.to]!--;
    this.#messages.push({ call, isAnswer: true });
  }

  #settle(call: Call): void {
    const { from, to, parent } = call;
    this.ended++;
    this.#limits[from]![to]!.end(this.#queues[from]![to]!.length === 0);
    this.#sendQueued(from);
    if (parent !== undefined && --parent.left === 0) this.#answer(parent);
  }
}

function randomCall(random: Random, shards: number, from: number, depth: number, parent?: Call): Call {
  const to = (from + 1 + random.upTo(shards - 2)) % shards;
  const within: Call[] = [];
  const call: Call = { from, to, within, left: 0, parent };
  if (depth > 0) for (let count = random.upTo(3); count > 0; count--) within.push(randomCall(random, shards, to, depth - 1, call));
  call.left = within.length;
  return call;
}

function count(call: Call): number {
  return call.within.reduce((sum, inner) => sum + count(inner), 1);
}

test.each([1, 2, 5])('every call of random programs ends, in any order of messages, with maxInFlight %d', (maxInFlight) => {
  const random = new Random();
  for (let round = 0; round < 300; round++) {
    const shards = 2 + random.upTo(3);
    const model = new Model(random, shards, maxInFlight);
    const calls = Array.from({ length: 1 + random.upTo(30) }, () => randomCall(random, shards, random.upTo(shards - 1), random.upTo(4)));
    for (const call of calls) model.make(call);
    model.run();
    expect(model.ended).toBe(calls.reduce((sum, call) => sum + count(call), 0));
  }
});
