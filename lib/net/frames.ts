// Frames of a protocol that puts the length of each message before it.
import { checkBoolean, checkChoice, checkInteger, checkKnownOptions, invalidRange } from '../base/arguments.js';
import { CorebufError, outOfMemory } from '../base/errors.js';
import { handlesFilled } from '../buffer/handle.js';
import type { Handle } from '../buffer/handle.js';
import { iobufFrom, iobufHandle } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants, native } from '../native/binding.js';
import { bodyWords } from '../native/shared-areas.js';
import { reclaimUnlessChanged } from '../shard/memory-pressure.js';

const { frameIncludesItself, frameKeepsLength, frameLittleEndian, frameOutOfMemory, framePartial, frameWhole, frameWrong } = constants;

/** How frames are laid out: a length, and so many bytes behind it. */
export interface FrameLayout {
  /** Bytes of the length. */
  lengthBytes: 1 | 2 | 4;
  /** Order of these bytes. Default 'BE'. */
  endian?: 'BE' | 'LE';
  /** Longest frame that is taken, in bytes, without its length field. It decides how much memory a peer may make this shard hold. */
  maxLength: number;
  /** The length counts the bytes of the length field as well. Default false. */
  includesItself?: boolean;
  /** Frames keep their length field in front. Default false. */
  keepLength?: boolean;
}

export type CheckedLayout = Required<FrameLayout>;

/** Frames that were taken, and how long the input must be until it holds another one. */
export interface TakenFrames {
  readonly frames: IoBuf[];
  readonly wanted: number;
}

const NAMES = ['lengthBytes', 'endian', 'maxLength', 'includesItself', 'keepLength'] as const;

export function checkedLayout(layout: FrameLayout): CheckedLayout {
  checkKnownOptions('layout', layout, NAMES);
  const { lengthBytes, endian = 'BE', maxLength, includesItself = false, keepLength = false } = layout;
  checkInteger('layout.lengthBytes', lengthBytes, 1, 4);
  // The type says so, and JavaScript does not know it.
  if ((lengthBytes as number) === 3) throw invalidRange('layout.lengthBytes', '1, 2 or 4', lengthBytes);
  checkChoice('layout.endian', endian, ['BE', 'LE']);
  checkInteger('layout.maxLength', maxLength, 0, 2 ** 30);
  checkBoolean('layout.includesItself', includesItself);
  checkBoolean('layout.keepLength', keepLength);
  return { lengthBytes, endian, maxLength, includesItself, keepLength };
}

/**
 * Takes all whole frames off the front of `input`: one native call for up to 256 of them. A frame that is longer than allowed stays there, and
 * throws when it is the first.
 *
 * @throws ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY, ERR_RELEASED
 */
export function takeFramesOf(input: IoBuf, layout: CheckedLayout): TakenFrames {
  const handle = iobufHandle(input);
  const frames: IoBuf[] = [];
  const before = handle.length;
  let hasRelieved = false;
  for (;;) {
    const slot = handle.slot('IoBuf');
    handle.endWatch('takeFrames()');
    const taken = handlesFilled((first, most) => native.takeFrames(slot, bitsOf(layout), layout.maxLength, first, most));
    // Read at once: the words belong to whatever is called next.
    const [state, bytes] = [bodyWords[0]!, bodyWords[1]! + bodyWords[2]! * 0x1_0000_0000];
    for (const frame of taken) frames.push(iobufFrom(frame));
    if (state === frameWhole) continue;
    if (state === frameOutOfMemory && frames.length === 0 && !hasRelieved) {
      hasRelieved = true;
      if (reclaimUnlessChanged([handle])) continue;
    }
    if (frames.length > 0) noteTaken(handle, before - handle.length);
    else if (state === frameOutOfMemory) throw outOfMemory();
    else if (state === frameWrong) throw tooLong(bytes, layout);
    return { frames, wanted: state === framePartial ? bytes : layout.lengthBytes };
  }
}

/** Views and positions of before are stale. */
function noteTaken(handle: Handle, bytes: number): void {
  handle.shown?.endFront(bytes);
  handle.version++;
}

/** As the native call takes them. */
function bitsOf({ lengthBytes, endian, includesItself, keepLength }: CheckedLayout): number {
  return lengthBytes | (endian === 'LE' ? frameLittleEndian : 0) | (includesItself ? frameIncludesItself : 0) | (keepLength ? frameKeepsLength : 0);
}

function tooLong(field: number, { lengthBytes, maxLength, includesItself }: CheckedLayout): CorebufError {
  const length = includesItself ? field - lengthBytes : field;
  return new CorebufError('ERR_OUT_OF_BOUNDS', `takeFrames: a frame must have 0 to ${maxLength} bytes (layout.maxLength); its length field says ${length}`);
}
