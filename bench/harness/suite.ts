// The parts of a benchmark. A suite is a file in bench/; a case puts corebuf beside one peer that does the same job.

/** The unit says what a measurement becomes, and whether more of it is better. */
export type Unit = 'ns' | 'µs' | 'ms' | 'calls/s' | 'MB/s' | 'GB/s' | 'ms/s' | 'ms/MB' | 'MiB';

/** Does the operation `count` times. */
export type Work = (count: number) => void | Promise<void>;

/** One round trip; each is timed for itself. */
export type Trip = () => Promise<void>;

/** How much work a run is worth. */
export interface Effort {
  readonly rounds: number;
  /** Length of one measurement, in ms. */
  readonly target: number;
}

/** Result of one side: the median of its rounds, their spread, and for round trips the p99 of all. */
export interface Side {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly p99?: number;
}

export interface Sides {
  readonly ours: Side;
  readonly peer: Side;
}

interface Named {
  readonly name: string;
  readonly peerName: string;
}

/** Many operations under one clock: the time of one, or how many a second. */
export interface WorkCase extends Named {
  readonly kind: 'work';
  readonly unit: 'ns' | 'µs' | 'calls/s' | 'GB/s';
  /** Bytes of one operation, for GB/s. */
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

/** Settings of the command line that only some suites have. */
export interface Choices {
  /** HOST:PORT of a broker that runs already. */
  readonly peer?: string;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Settings that a process can have only once; each gets a process of its own, as `suite:setting`. */
  readonly settings?: readonly string[];
  open(setting?: string, choices?: Choices): OpenSuite | Promise<OpenSuite>;
}
