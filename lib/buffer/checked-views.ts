// Checked mode: every fragment that is shown has a window of its own, which ends when its bytes leave the chain. A stale view then has length 0,
// so that its use is found at once.
import { native } from '../native/binding.js';
import type { Handle } from './handle.js';
import type { Shown } from './shown.js';
import { isIntact, openWindow } from './windows.js';
import type { Window } from './windows.js';

interface CheckedView {
  readonly window: Window;
  /** Bytes of the chain that it shows. */
  start: number;
  end: number;
}

/** The windows that show bytes of one chain in checked mode. */
export class CheckedViews implements Shown {
  #views: CheckedView[] = [];

  /** The window on `length` bytes at this address, which begin at `position` of the chain of `owner`. */
  show(owner: Handle, position: number, address: number, length: number): Window {
    const found = this.#views.find((view) => view.start === position && view.end === position + length);
    if (found !== undefined && isIntact(found.window)) return found.window;
    const window = openWindow(owner, address, length);
    this.#views.push({ window, start: position, end: position + length });
    return window;
  }

  end(): void {
    for (const view of this.#views) endView(view);
    this.#views = [];
  }

  endFront(length: number, target?: Handle): void {
    const left: CheckedView[] = [];
    for (const view of this.#views) {
      if (view.start >= length) {
        view.start -= length;
        view.end -= length;
        left.push(view);
      } else if (target === undefined) endView(view);
      else checkedViewsOf(target).#add(target, view);
    }
    this.#views = left;
  }

  endBack(length: number): void {
    const left: CheckedView[] = [];
    for (const view of this.#views) {
      if (view.end <= length) left.push(view);
      else endView(view);
    }
    this.#views = left;
  }

  shift(length: number): void {
    for (const view of this.#views) {
      view.start += length;
      view.end += length;
    }
  }

  moveTo(target: Handle, start: number): void {
    this.shift(start);
    const moved = checkedViewsOf(target);
    for (const view of this.#views) moved.#add(target, view);
    this.#views = [];
  }

  #add(owner: Handle, view: CheckedView): void {
    view.window.owner = owner;
    this.#views.push(view);
  }
}

export function checkedViewsOf(handle: Handle): CheckedViews {
  return (handle.shown ??= new CheckedViews()) as CheckedViews;
}

function endView({ window }: CheckedView): void {
  if (isIntact(window)) native.detach(window.buffer);
}
