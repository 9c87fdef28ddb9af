// The verbs of IoBuf about the homes of its bytes: the shards that own their memory.
import { native } from '../native/binding.js';
import { changed } from '../base/errors.js';
import { visitFragments } from '../buffer/fragments.js';
import { Handle } from '../buffer/handle.js';
import { innerView, viewOf } from '../buffer/views.js';
import { attachDefault } from '../shard/attach.js';
import { handleOf } from './chain.js';
import { Trim } from './trim.js';

/** Neighbouring fragments that are all of this shard, or all of other shards. */
interface Run {
  readonly start: number;
  length: number;
  /** Views of the fragments of other shards; undefined for a run in this shard's memory. */
  readonly views: Buffer[] | undefined;
}

/** Methods of IoBuf about the shards that own its memory. */
export abstract class Adopt extends Trim {
  /**
   * Number (`Shard.id`) of the shard that owns the memory of the bytes; a list of numbers, in the order of the fragments, when several do.
   * For an empty chain, the number of this shard. O(fragments), one native call for some hundreds of them; nothing is copied.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY when this thread has no shard yet and cannot get one.
   * @example
   * using chain = IoBuf.from('made here');
   * chain.home === thisShard.id; // true
   */
  get home(): number | number[] {
    const homes = homesOf(handleOf(this));
    if (homes.length > 1) return homes;
    return homes[0] ?? attachDefault().id;
  }

  /**
   * Copies the bytes that lie in memory of other shards into memory of this shard, and releases the references to them. Bytes of this shard
   * stay where they are. Call it on chains that arrived as arguments and are kept for long: until then they use the budget of the caller's
   * shard. The bytes are the same afterwards, and placeholders are closed. O(bytes of other shards + fragments); the ledger counts the copy
   * as 'append'.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then the chain is as it was; ERR_CHANGED when an `onPressure` listener changed the chain
   * meanwhile.
   * @example
   * using records = IoBuf.from('records');
   * records.adopt().home === thisShard.id; // true
   */
  adopt(): this {
    const handle = handleOf(this);
    const runs = runsOf(handle, attachDefault().id);
    if (runs.some(({ views }) => views !== undefined)) replaceBytes(handle, runs);
    return this;
  }
}

/** Numbers of the shards that own the fragments, each once, in the order of the fragments. */
export function homesOf(handle: Handle): number[] {
  const homes = new Set<number>();
  visitFragments(handle.slot('IoBuf'), (_region, _offset, _length, home) => homes.add(home));
  return [...homes];
}

function runsOf(handle: Handle, here: number): Run[] {
  const runs: Run[] = [];
  let position = 0;
  visitFragments(handle.slot('IoBuf'), (region, offset, length, home) => {
    const foreign = home !== here;
    let run = runs.at(-1);
    if (run === undefined || foreign !== (run.views !== undefined)) {
      run = { start: position, length: 0, views: foreign ? [] : undefined };
      runs.push(run);
    }
    run.views?.push(innerView(region, offset, length) ?? viewOf(handle, position, region, offset, length));
    run.length += length;
    position += length;
  });
  return runs;
}

/** Builds another chain first, so that a failure leaves this one unchanged. */
function replaceBytes(handle: Handle, runs: readonly Run[]): void {
  const { length, version } = handle;
  const own = new Handle();
  try {
    for (const run of runs) appendRun(own, handle, run);
    const slot = handle.slot('IoBuf');
    if (handle.length !== length || handle.version !== version) throw changed('IoBuf');
    handle.endWatch('adopt()');
    native.release(slot);
    native.take(slot, own.slot('IoBuf'));
  } catch (error) {
    own.release();
    throw error;
  }
  own.forget();
  handle.shown?.end();
  handle.version++;
}

function appendRun(own: Handle, handle: Handle, { start, length, views }: Run): void {
  if (views === undefined) {
    const shared = handle.share(start, length, 'IoBuf', 'adopt()');
    native.take(own.slot('IoBuf'), shared.slot('IoBuf'));
    shared.forget();
  } else for (const view of views) own.append(view, view.length);
}
