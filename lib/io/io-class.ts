// I/O classes: kinds of reads and writes that share the disks by weight, such as requests of users and compaction.
import { constants, native } from '../native/binding.js';
import { checkInteger, checkKnownOptions, checkString, invalidRange, invalidType } from '../base/arguments.js';
import { assert } from '../base/assert.js';
import { attachDefault, isAttached } from '../shard/attach.js';
import { state } from './state.js';

/** Options of ioClass(). */
export interface IoClassOptions {
  /** Share of the disk, 1 to 1000 (default 100, also for the class 'default'). See IoClass.shares. */
  shares?: number;
  /** Latency goal in microseconds, 0 (none) to 10,000,000 (default 1000, also for the class 'default'). See IoClass.latencyGoal. */
  latencyGoal?: number;
}

const NAME_MOST = 64;
const DEFAULT = 'default';

let makeClass: (name: string) => IoClass;
let enter: (ioClass: IoClass) => void;
let numberOf: (name: string, value: unknown) => number;

/** A kind of reads and writes, with its share of the disk. ioClass() creates it. */
export class IoClass {
  /** Name that ioClass() was called with. */
  readonly name: string;
  /** Number in C++; undefined until this thread has a shard. */
  #number: number | undefined;
  #shares = constants.ioSharesDefault;
  #latencyGoal = constants.ioGoalDefault;

  private constructor(name: string) {
    this.name = name;
    if (isAttached()) this.#enter();
  }

  /** Share of the disk while several classes use it, 1 to 1000: a class with 200 gets twice the bytes of one with 100. May be set at any time. */
  get shares(): number {
    return this.#shares;
  }

  set shares(shares: number) {
    checkInteger('shares', shares, 1, constants.ioSharesMax);
    this.#shares = shares;
    if (isAttached()) native.setIoShares(this.#number!, shares);
  }

  /**
   * Time in microseconds within which nine in ten reads and writes of this class should end; a large one gets this time for each 128 KiB. While the
   * class uses a disk, classes with fewer shares are limited on all shards of the process, so that the goal is met. Each of them may always have
   * 128 KiB under way, or 32 KiB when many shards have such work. With 0, other classes are not limited. May be set at any time.
   */
  get latencyGoal(): number {
    return this.#latencyGoal;
  }

  set latencyGoal(microseconds: number) {
    checkInteger('latencyGoal', microseconds, 0, constants.ioGoalMax);
    this.#latencyGoal = microseconds;
    if (isAttached()) native.setIoGoal(this.#number!, microseconds);
  }

  #enter(): void {
    this.#number = native.ioClass(this.name);
    assert(this.#number < constants.ioClassesMax, 'ioClass() makes no more classes than C++ has places for');
    native.setIoShares(this.#number, this.#shares);
    native.setIoGoal(this.#number, this.#latencyGoal);
  }

  static {
    makeClass = (name) => new IoClass(name);
    enter = (ioClass) => ioClass.#enter();
    numberOf = (name, value) => {
      if (typeof value !== 'object' || value === null || !(#number in value)) throw invalidType(name, 'what ioClass() returns', value);
      if (value.#number === undefined) attachDefault();
      return value.#number!;
    };
  }
}

/**
 * Returns the I/O class with this name on this shard. The first call creates it, with 100 shares and a latency goal of 1 ms unless `options` say
 * otherwise; later calls change the values that `options` name. Each class has a queue of its own. The scheduler divides the bytes by shares, and
 * counts each request as 16 KiB more than its length. A class that is alone may use the whole disk.
 *
 * While a class with more shares is active, a lower class is limited so that the higher one meets its latency goal, and large reads and writes of
 * the lower class reach the disk in pieces. This also holds for read-ahead and appenders. Syncs, allocate() and punch() are not limited, and a
 * durable write is not divided. A shard has at most 16 classes, 'default' included, and classes cannot be removed. The call does not attach the
 * thread, so it may stand at the top of a module. stats().io.classes has the goal, the measured latency and the time held back.
 *
 * @throws TypeError; RangeError for an option out of range, and for a name that would be the seventeenth class.
 *
 * @example
 * const compaction = ioClass('compaction', { shares: 20 });
 * ioClass('default', { latencyGoal: 500 }); // microseconds, for what compaction must not slow down
 * using block = DmaBuffer.alloc(4096, { zero: true });
 * await file.write(0, block, { class: compaction });
 * compaction.shares; // 20
 */
export function ioClass(name: string, options: IoClassOptions = {}): IoClass {
  checkString('name', name);
  if (name.length === 0 || name.length > NAME_MOST) throw invalidRange('name', `a string of 1 to ${NAME_MOST} characters`, name);
  checkKnownOptions('options', options, ['shares', 'latencyGoal']);
  const { shares, latencyGoal } = options;
  if (shares !== undefined) checkInteger('options.shares', shares, 1, constants.ioSharesMax);
  if (latencyGoal !== undefined) checkInteger('options.latencyGoal', latencyGoal, 0, constants.ioGoalMax);
  const found = state.classes.get(name) ?? makeNamed(name);
  if (shares !== undefined) found.shares = shares;
  if (latencyGoal !== undefined) found.latencyGoal = latencyGoal;
  return found;
}

/** Creates a class without attaching the thread, because programs call ioClass() at the top of a module, before attach(). */
function makeNamed(name: string): IoClass {
  const others = state.classes.size + (name === DEFAULT || state.classes.has(DEFAULT) ? 0 : 1);
  if (others >= constants.ioClassesMax) throw invalidRange('name', `one of the ${constants.ioClassesMax} classes that there may be`, name);
  const made = makeClass(name);
  state.classes.set(name, made);
  return made;
}

/** Creates the classes in the shard that this thread has been attached to. */
export function enterClasses(): void {
  for (const ioClass of state.classes.values()) enter(ioClass);
}

/** Number of the class `value`, or `otherwise` when it is undefined. `name` names the option in errors. @throws TypeError */
export function ioClassNumber(name: string, value: IoClass | undefined, otherwise = 0): number {
  return value === undefined ? otherwise : numberOf(name, value);
}
