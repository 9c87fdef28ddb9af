// What a benchmark is made of. A suite is a file in bench/; a case puts us beside one peer doing the same thing.

/** The unit says what a measurement becomes, and whether more of it is better. */
export type Unit = 'ns' | 'µs' | 'calls/s';

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
  readonly unit: Unit;
  readonly ours: Work;
  readonly peer: Work;
}

/** Sequential round trips: the p50 counts, the p99 is told. In µs. */
export interface TripCase extends Named {
  readonly kind: 'trip';
  readonly ours: Trip;
  readonly peer: Trip;
}

export type Case = WorkCase | TripCase;

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
