// Listeners and connections that are open: while there are any the shard stays, and while one of them is ref'd the event loop does.
import { assert } from '../base/assert.js';
import { native } from '../native/binding.js';
import { useShard } from '../shard/attach.js';
import { state } from './state.js';

/** One listener or connection, from when it opens until it has closed. It keeps the event loop alive until unref(). */
export class OpenCount {
  #open = false;
  #ref = true;

  begin(): void {
    assert(!this.#open, 'a socket opens once');
    this.#open = true;
    if (state.open++ === 0) state.letShardGo = useShard();
    if (this.#ref) hold();
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#ref) letGo();
    if (--state.open === 0) state.letShardGo!();
  }

  setRef(ref: boolean): void {
    if (ref === this.#ref) return;
    this.#ref = ref;
    if (!this.#open) return;
    if (ref) hold();
    else letGo();
  }
}

function hold(): void {
  if (state.held++ === 0) native.socketHold(1);
}

function letGo(): void {
  if (--state.held === 0) native.socketHold(0);
}
