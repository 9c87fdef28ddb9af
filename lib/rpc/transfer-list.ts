// The chains that move with one message, in the order in which the message names them.
import { constants } from '../native/binding.js';
import { CorebufError } from '../base/errors.js';
import type { Handle } from '../buffer/handle.js';

/** A step from a value to a part of it. */
export type Key = string | number;

export class TransferList {
  /** Another array for each encoding that has any chain: the one before belongs to the message that was made of it. */
  handles: Handle[] = [];
  /** Length of each chain as the encoding has it, in bytes. */
  readonly #lengths: number[] = [];
  /** Where each chain stands in the encoded value. A single step is not put into an array. */
  readonly #paths: (Key | readonly Key[])[] = [];

  begin(): void {
    if (this.handles.length > 0) this.handles = [];
  }

  has(handle: Handle): boolean {
    return this.handles.includes(handle);
  }

  /** @throws ERR_OUT_OF_BOUNDS when there are more chains than one message can carry. */
  add(handle: Handle, path: readonly Key[], depth: number): void {
    const at = this.handles.length;
    if (at === constants.transfersMax) {
      throw new CorebufError('ERR_OUT_OF_BOUNDS', `a message must carry at most ${constants.transfersMax} chains; this one has more: append some of them to others`);
    }
    this.handles.push(handle);
    this.#lengths[at] = handle.length;
    this.#paths[at] = depth === 1 ? path[0]! : path.slice(0, depth);
  }

  /** A chain that code of the caller's has released or changed since it was added. */
  firstChanged(): { readonly path: readonly Key[]; readonly released: boolean } | undefined {
    const at = this.handles.findIndex((handle, index) => handle.released || handle.length !== this.#lengths[index]);
    return at < 0 ? undefined : { path: [this.#paths[at]!].flat(), released: this.handles[at]!.released };
  }
}
