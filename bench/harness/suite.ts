// What a benchmark is made of. A suite is a file in bench/; a case puts us beside one peer doing the same thing.
import type { Effort, Sides } from './measure.js';

/** The unit says what a measurement becomes, and whether more of it is better. */
export type Unit = 'ns' | 'µs' | 'calls/s' | 'GB/s' | 'ms/s' | 'MiB';

/** Does the operation `count` times. */
export type Work = (count: number) => void | Promise<void>;

/** One round trip; each is timed for itself. */
export type Trip = () => Promise<void>;

interface Named {
  readonly name: string;
  readonly peerName: string;
}

/** Many operations under one clock: the time of one, or how many a second. */
export interface WorkCase extends Named {
  readonly kind: 'work';
  readonly unit: Exclude<Unit, 'ms/s' | 'MiB'>;
  /** Of one operation, for GB/s. */
  readonly bytes?: number;
  readonly ours: Work;
  readonly peer: Work;
}

/** Sequential round trips: the p50 counts, the p99 is told. In µs. */
export interface TripCase extends Named {
  readonly kind: 'trip';
  readonly ours: Trip;
  readonly peer: Trip;
}

/** Measured in a way of its own, or in another program. */
export interface OwnCase extends Named {
  readonly kind: 'own';
  readonly unit: Unit;
  measure(effort: Effort): Promise<Sides>;
}

export type Case = WorkCase | TripCase | OwnCase;

export interface OpenSuite {
  readonly cases: readonly Case[];
  close?(): Promise<void>;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Settings that a process can have only once; each gets a process of its own, as `suite:setting`. */
  readonly settings?: readonly string[];
  open(setting?: string): OpenSuite | Promise<OpenSuite>;
}
