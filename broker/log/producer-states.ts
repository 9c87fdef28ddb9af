// Idempotent producers of one partition: for each, the epoch and the last five batches, so that a batch that comes twice is stored once.
// The state is part of checkpoints, and what was appended behind the last checkpoint is rebuilt from the headers of the batches.
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import { lastSequenceOf, nextSequence } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';

/** Batches that are remembered of a producer: clients have at most five requests under way. */
const REMEMBERED = 5;
/** Producers that are remembered; the one that has been quiet for longest is forgotten first. */
const PRODUCERS_MAX = 100_000;

/** With the time in milliseconds at which it was appended, if the broker has written that into the batch. */
type RememberedBatch = readonly [firstSequence: number, lastSequence: number, baseOffset: number, appendTime?: number];

/** Where a batch was appended. */
export interface AppendedAt {
  readonly baseOffset: number;
  /** The time in milliseconds that the broker has written into the batch; undefined when its producer's times count. */
  readonly appendTime: number | undefined;
}

interface Producer {
  readonly epoch: number;
  /** When it last appended, in milliseconds. */
  readonly usedAt: number;
  /** Oldest first, at least one. */
  readonly batches: readonly RememberedBatch[];
}

/** As checkpoints hold it. */
export type ProducerSnapshot = readonly (readonly [id: string, epoch: number, usedAt: number, batches: readonly RememberedBatch[]])[];

export class ProducerStates {
  /** Least recently used first. */
  readonly #producers = new Map<bigint, Producer>();

  static restore(snapshot: ProducerSnapshot): ProducerStates {
    const states = new ProducerStates();
    for (const [id, epoch, usedAt, batches] of snapshot) states.#producers.set(BigInt(id), { epoch, usedAt, batches });
    return states;
  }

  get size(): number {
    return this.#producers.size;
  }

  /**
   * Whether the batch may be appended: undefined if so, or the place that the same batch got when it came first.
   *
   * @throws BrokerError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER
   */
  check(batch: BatchInfo): AppendedAt | undefined {
    const { producerId, producerEpoch: epoch, baseSequence } = batch;
    // A producer that is new here may begin with any number: its state may have been forgotten, or deleted with its records.
    const known = producerId < 0n ? undefined : this.#producers.get(producerId);
    if (known === undefined) return undefined;
    if (epoch < known.epoch) {
      throw new BrokerError(errorCodes.INVALID_PRODUCER_EPOCH, `producer ${producerId} has epoch ${known.epoch}, received ${epoch}`);
    }
    if (epoch > known.epoch) {
      if (baseSequence !== 0) throw outOfOrder(batch, 0);
      return undefined;
    }
    const lastSequence = lastSequenceOf(batch);
    const same = known.batches.find(([first, last]) => first === baseSequence && last === lastSequence);
    if (same !== undefined) return { baseOffset: same[2], appendTime: same[3] };
    const expected = nextSequence(known.batches.at(-1)![1]);
    if (baseSequence !== expected) throw outOfOrder(batch, expected);
    return undefined;
  }

  /** The batch has been appended at the time `now`, in milliseconds. */
  record(batch: BatchInfo, { baseOffset, appendTime }: AppendedAt, now: number): void {
    const { producerId: id, producerEpoch: epoch, baseSequence } = batch;
    if (id < 0n) return;
    const known = this.#producers.get(id);
    const before = known?.epoch === epoch ? known.batches.slice(1 - REMEMBERED) : [];
    const place = [baseSequence, lastSequenceOf(batch), baseOffset] as const;
    const batches: RememberedBatch[] = [...before, appendTime === undefined ? place : [...place, appendTime]];
    this.#producers.delete(id);
    this.#producers.set(id, { epoch, usedAt: now, batches });
    if (this.#producers.size > PRODUCERS_MAX) this.#producers.delete(this.#producers.keys().next().value!);
  }

  /** Forgets producers that have appended nothing since the time `before`, in milliseconds. */
  expire(before: number): void {
    for (const [id, { usedAt }] of this.#producers) {
      if (usedAt >= before) return;
      this.#producers.delete(id);
    }
  }

  snapshot(): ProducerSnapshot {
    return Array.from(this.#producers, ([id, { epoch, usedAt, batches }]) => [String(id), epoch, usedAt, batches] as const);
  }
}

function outOfOrder({ producerId, baseSequence }: BatchInfo, expected: number): BrokerError {
  const message = `producer ${producerId} must go on with sequence ${expected}, received ${baseSequence}`;
  return new BrokerError(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, message);
}
