// Kinds of work that share the disk of one shard: what users wait for, and what can wait.
import { constants, native } from './native.js';
import { attachDefault } from './attachment.js';
import { checkInteger, checkOptions, checkString, invalidRange, invalidType } from './checks.js';

export interface IoClassOptions {
  /** 1 to 1000; default 100, which is what 'default' has too. */
  shares?: number;
}

const NAME_MOST = 64;

let makeClass: (name: string, number: number) => IoClass;
let numberOf: (name: string, value: unknown) => number;
const known = new Map<string, IoClass>();

/** What it is for: ioClass(). */
export class IoClass {
  readonly name: string;
  readonly #number: number;

  private constructor(name: string, number: number) {
    this.name = name;
    this.#number = number;
  }

  /** Its part of the disk where several classes want it: 200 get twice what 100 get. May be set at any time. */
  get shares(): number {
    return native.ioShares(this.#number, 0);
  }

  set shares(shares: number) {
    checkInteger('shares', shares, 1, constants.ioSharesMax);
    native.ioShares(this.#number, shares);
  }

  static {
    makeClass = (name, number) => new IoClass(name, number);
    numberOf = (name, value) => {
      if (typeof value !== 'object' || value === null || !(#number in value)) throw invalidType(name, 'what ioClass() returns', value);
      return value.#number;
    };
  }
}

/**
 * The class of that name on this shard; made by the first call, with 100 shares. Reads and writes of a class queue behind each other, and not behind
 * other classes: what goes to the kernel next is chosen by shares of the bytes, and of requests as if each had 16 KiB more.
 * Shares are of what is there: a class that is alone has all of the disk. At most 16 classes, of which 'default' is one; they stay.
 * Syncs, allocate and punch wait behind nobody. stats().io.classes counts what each has done and how long it waited.
 *
 * @throws RangeError for shares that are none, and for the seventeenth name.
 *
 * @example
 * const compaction = ioClass('compaction', { shares: 20 });
 * using block = DmaBuffer.alloc(4096, { zero: true });
 * await file.write(0, block, { class: compaction });
 * compaction.shares; // 20
 */
export function ioClass(name: string, options: IoClassOptions = {}): IoClass {
  checkString('name', name);
  if (name.length === 0 || name.length > NAME_MOST) throw invalidRange('name', `a string of 1 to ${NAME_MOST} characters`, name);
  checkOptions('options', options);
  const { shares } = options;
  if (shares !== undefined) checkInteger('options.shares', shares, 1, constants.ioSharesMax);
  const found = known.get(name) ?? makeNamed(name);
  if (shares !== undefined) found.shares = shares;
  return found;
}

function makeNamed(name: string): IoClass {
  attachDefault();
  const number = native.ioClass(name);
  if (number === constants.ioClassesMax) throw invalidRange('name', `one of the ${constants.ioClassesMax} classes that there may be`, name);
  const made = makeClass(name, number);
  known.set(name, made);
  return made;
}

/** The number of a class that an option names, or `otherwise`. TypeError for what is none. */
export function ioClassNumber(name: string, value: IoClass | undefined, otherwise = 0): number {
  return value === undefined ? otherwise : numberOf(name, value);
}
