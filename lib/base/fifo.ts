// A queue. Array.prototype.shift() of a long array moves all other items, which takes longer than the calls when 100,000 of them wait. Here the
// places of items that were taken stay in the array until they are half of it, and a short array stays when the queue is empty: a queue of one item
// at a time allocates nothing.

/** Number of places of taken items below which the array is never compacted. */
const TAKEN_LEAST = 1024;

export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  /** The item that was added first; undefined when the queue is empty. */
  get first(): T | undefined {
    return this.#head === this.#tail ? undefined : this.#items[this.#head];
  }

  push(item: T): void {
    this.#items[this.#tail++] = item;
  }

  /** Removes and returns the item that was added first; undefined when the queue is empty. O(1) on average. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#tail && this.#tail <= TAKEN_LEAST) this.#head = this.#tail = 0;
    else if (this.#head >= TAKEN_LEAST && this.#head * 2 >= this.#tail) this.#restart(this.#items.slice(this.#head, this.#tail));
    return item;
  }

  /** Removes and returns all items, in order. */
  takeAll(): T[] {
    const all = this.#items.slice(this.#head, this.#tail) as T[];
    this.#restart([]);
    return all;
  }

  #restart(items: (T | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
    this.#tail = items.length;
  }
}
