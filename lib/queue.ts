// First in, first out. Array.prototype.shift() moves all that is left, once there are many: with 100,000 waiting calls that took longer than
// the calls did. Here what was taken stays in front until it is half of all.
const TAKEN_LEAST = 1024;

export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Undefined when there is none. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The first, which leaves; undefined when there is none. */
  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length === 0) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.#restart([]);
    else if (this.#head >= TAKEN_LEAST && this.#head * 2 >= this.#items.length) this.#restart(this.#items.slice(this.#head));
    return item;
  }

  /** All of them, in order, which leave. */
  takeAll(): T[] {
    const all = this.#items.slice(this.#head) as T[];
    this.#restart([]);
    return all;
  }

  #restart(items: (T | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
