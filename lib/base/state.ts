// State of this folder that changes while the thread runs.

/** Called with the signal's reason when the signal is aborted. */
export type Stop = (reason: unknown) => void;

/** The operations that end when one signal is aborted, and this package's listener on that signal. */
export interface Waiting {
  readonly stops: Set<Stop>;
  readonly listener: () => void;
}

/** Works for about so many microseconds. Returns true when no work is left. */
export type Step = (microseconds: number) => boolean;

/** Work that is done in slices. */
export interface Work {
  readonly step: Step;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  settled: boolean;
}

export const state = {
  /** Makes the memory table of ERR_OUT_OF_MEMORY. The shard layer sets it. */
  memoryReport: (): string => '',
  /** Operations that end when a signal is aborted, by signal. */
  waitingFor: new WeakMap<AbortSignal, Waiting>(),
  /** Work that is done in slices, and whether the next pass over it is scheduled. */
  slices: { waiting: [] as Work[], scheduled: false },
};
