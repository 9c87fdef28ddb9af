// Time that the garbage collector of V8 takes in this thread.
import { PerformanceObserver } from 'node:perf_hooks';

export class GcTime {
  #milliseconds = 0;

  constructor() {
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#milliseconds += duration;
    });
    observer.observe({ entryTypes: ['gc'] });
  }

  /** Milliseconds since this object was made. */
  get milliseconds(): number {
    return this.#milliseconds;
  }
}
