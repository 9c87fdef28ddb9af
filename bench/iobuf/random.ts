// Input that is the same in every run: a linear congruential generator (the constants of Numerical Recipes).
export class Chance {
  #state = 1;

  /** From 0 up to, but not including, 1. */
  unit(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32;
  }

  /** The logarithm is what is evenly spread. */
  size(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.unit());
  }
}
