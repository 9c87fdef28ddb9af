// Memory alone: the native heap beside general allocators, buffers beside Buffers, what the garbage collector has to do with
// either, and what many live objects add to the cost of the next one.
import { PerformanceObserver } from 'node:perf_hooks';
import { attach, DmaBuffer, IoBuf } from 'corebuf';
import { allocCase, SIZES } from './alloc.js';
import { settle, sideOf } from './harness/measure.js';
import { nativeCases } from './harness/native.js';
import type { Effort, OpenSuite, OwnCase, Side, Sides, Suite, WorkCase } from './harness/suite.js';

const CHURN_SIZE = 64 * 1024;
const CHURN_LIVE = 1000;
const CHURN_ROUND_MS = 333;
const CHURN_STEP = 200;
const CROWD = 100_000;
const GROWTH_COUNT = 100_000;

/** Replaces the oldest of many live blocks, `count` times. */
type Churn = (count: number) => void;

function ourChurn(): Churn {
  const live: (DmaBuffer | undefined)[] = new Array<undefined>(CHURN_LIVE).fill(undefined);
  let at = 0;
  return (count) => {
    for (; count > 0; count--) {
      live[at]?.release();
      const block = DmaBuffer.alloc(CHURN_SIZE);
      block.bytes[0] = 1;
      live[at] = block;
      at = (at + 1) % CHURN_LIVE;
    }
  };
}

function peerChurn(): Churn {
  const live: (Buffer | undefined)[] = new Array<undefined>(CHURN_LIVE).fill(undefined);
  let at = 0;
  return (count) => {
    for (; count > 0; count--) {
      const block = Buffer.allocUnsafeSlow(CHURN_SIZE);
      block[0] = 1;
      live[at] = block;
      at = (at + 1) % CHURN_LIVE;
    }
  };
}

/** The main thread's pauses, in ms for each second of work. */
class GcMeter {
  #start = 0;
  #paused = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      if (startTime >= this.#start) this.#paused += duration;
    }
  });

  async during(churn: Churn): Promise<number> {
    await settle();
    this.#paused = 0;
    this.#start = performance.now();
    this.#observer.observe({ entryTypes: ['gc'] });
    while (performance.now() - this.#start < CHURN_ROUND_MS) {
      churn(CHURN_STEP);
      await turn();
    }
    const taken = performance.now() - this.#start;
    await turn(); // The observer is told a turn late.
    this.#observer.disconnect();
    return (this.#paused / taken) * 1e3;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The mean counts: a collection falls into one round or the next. */
function meanOf(values: readonly number[]): Side {
  return { ...sideOf(values), value: values.reduce((sum, value) => sum + value, 0) / values.length };
}

function gcCase(): OwnCase {
  const meter = new GcMeter();
  return {
    kind: 'own',
    name: `64 KiB, ${CHURN_LIVE} live: time in the garbage collector`,
    unit: 'ms/s',
    peerName: 'Buffer.allocUnsafeSlow',
    async measure({ rounds }: Effort): Promise<Sides> {
      const [ours, peer] = [ourChurn(), peerChurn()];
      const [ourShare, peerShare]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        ourShare.push(await meter.during(ours));
        peerShare.push(await meter.during(peer));
      }
      return { ours: meanOf(ourShare), peer: meanOf(peerShare) };
    },
  };
}

/** The net under forgotten objects is part of what an object costs: ours watches blocks of handles, the peer each object. */
function netCase(): WorkCase {
  class Watched {
    released = false;
    release(): void {
      this.released = true;
      registry.unregister(this);
    }
  }
  const registry = new FinalizationRegistry<number>(() => undefined);
  return {
    kind: 'work',
    name: 'an empty IoBuf made and released, the net included',
    unit: 'ns',
    peerName: 'a FinalizationRegistry entry per object',
    ours(count) {
      for (let at = 0; at < count; at++) new IoBuf().release();
    },
    peer(count) {
      for (let at = 0; at < count; at++) {
        const watched = new Watched();
        registry.register(watched, at, watched);
        watched.release();
      }
    },
  };
}

function smallBlock(): DmaBuffer {
  return DmaBuffer.alloc(64, { alignment: 64 });
}

/** In ns for each. */
async function pairsTime(): Promise<number> {
  await settle();
  const start = performance.now();
  for (let at = 0; at < GROWTH_COUNT; at++) smallBlock().release();
  return ((performance.now() - start) / GROWTH_COUNT) * 1e6;
}

function growthCase(): OwnCase {
  return {
    kind: 'own',
    name: `64 B: alloc, release beside ${CROWD} live`,
    unit: 'ns',
    peerName: 'corebuf, beside 1 live',
    async measure({ rounds }: Effort): Promise<Sides> {
      await pairsTime();
      const [crowded, alone]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        const one = smallBlock();
        alone.push(await pairsTime());
        const crowd = Array.from({ length: CROWD }, smallBlock);
        crowded.push(await pairsTime());
        for (const block of [one, ...crowd]) block.release();
      }
      return { ours: sideOf(crowded), peer: sideOf(alone) };
    },
  };
}

export const memory: Suite = {
  name: 'memory',
  about: 'the allocator alone, its cost to the garbage collector, and how cost grows',
  open(): OpenSuite {
    attach({ memory: '512MiB' });
    return { cases: [...nativeCases('memory'), ...SIZES.map(allocCase), netCase(), gcCase(), growthCase()] };
  },
};
