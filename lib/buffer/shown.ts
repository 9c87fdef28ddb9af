// What users see of one chain: the windows on its bytes. In shared mode they are given back when the chain is released, to be used again; in
// checked mode they end as soon as their bytes leave the chain (checked-views.ts).
import type { Handle } from './handle.js';
import { isIntact, keepWindow, takeWindow } from './windows.js';
import type { Window } from './windows.js';

/** Windows of a chain that are searched one by one. */
const SEARCHED_MOST = 8;

/** Is told of all that happens to the bytes of a chain. Positions and lengths are in bytes. */
export interface Shown {
  /** All bytes have left the chain. */
  end(): void;
  /** The first `length` bytes have left the chain: into the chain `target`, when there is one. */
  endFront(length: number, target?: Handle): void;
  /** The bytes behind the first `length` have left the chain. */
  endBack(length: number): void;
  /** `length` bytes have come in at the front. */
  shift(length: number): void;
  /** All bytes have gone into the chain `target`, from `start` on. */
  moveTo(target: Handle, start: number): void;
}

/** The windows of one chain in shared mode, in a ring. */
export class SharedWindows implements Shown {
  /** The one that was asked for last. */
  #last: Window | undefined;
  /** All of them by address, once there are more than a few: the one of each address that was asked for last. */
  #all: Map<number, Window> | undefined;
  #count = 0;

  /** The window on exactly these bytes, which is shown through `owner` from now on. */
  show(owner: Handle, start: number, length: number): Window {
    const last = this.#last;
    if (last !== undefined) {
      if (shows(last, start, length)) return last;
      // A chain is mostly shown from one end to the other.
      const { next } = last;
      if (next !== undefined && shows(next, start, length)) return (this.#last = next);
    }
    return this.#find(start, length) ?? this.#add(takeWindow(owner, start, length));
  }

  /** The window that was asked for last, when it shows these bytes. */
  around(start: number, length: number): Window | undefined {
    const last = this.#last;
    if (last === undefined || !isIntact(last)) return undefined;
    return start >= last.start && start + length <= last.start + last.length ? last : undefined;
  }

  end(): void {
    const first = this.#last;
    for (let window = first; window !== undefined; ) {
      const { next } = window;
      keepWindow(window);
      window = next === first ? undefined : next;
    }
    this.#forget();
  }

  /** Views that were made before may still be looked at, until the chain is released. */
  endFront(): void {}

  endBack(): void {}

  shift(): void {}

  moveTo(target: Handle): void {
    const shown = sharedWindowsOf(target);
    const first = this.#last;
    for (let window = first; window !== undefined; ) {
      const { next } = window;
      window.owner = target;
      shown.#add(window);
      window = next === first ? undefined : next;
    }
    this.#forget();
  }

  #find(start: number, length: number): Window | undefined {
    if (this.#all !== undefined) {
      const found = this.#all.get(start);
      return found !== undefined && shows(found, start, length) ? (this.#last = found) : undefined;
    }
    let window = this.#last;
    for (let at = 0; at < this.#count; at++) {
      if (shows(window!, start, length)) return (this.#last = window);
      window = window!.next;
    }
    return undefined;
  }

  /** Puts a window behind the one that was asked for last. */
  #add(window: Window): Window {
    const last = this.#last;
    window.next = last?.next ?? last ?? window;
    if (last !== undefined) last.next = window;
    this.#last = window;
    this.#count++;
    if (this.#all !== undefined) this.#all.set(window.start, window);
    else if (this.#count > SEARCHED_MOST) this.#all = this.#byAddress();
    return window;
  }

  #byAddress(): Map<number, Window> {
    const all = new Map<number, Window>();
    let window = this.#last!;
    for (let at = 0; at < this.#count; at++) {
      window = window.next!;
      all.set(window.start, window);
    }
    return all;
  }

  #forget(): void {
    this.#last = undefined;
    this.#all = undefined;
    this.#count = 0;
  }
}

function shows(window: Window, start: number, length: number): boolean {
  return window.start === start && window.length === length && isIntact(window);
}

export function sharedWindowsOf(handle: Handle): SharedWindows {
  return (handle.shown ??= new SharedWindows()) as SharedWindows;
}
