// Checks of the alignment that writes past the page cache need. C++ checks it as well; here the error can say which argument is wrong.
import { misaligned } from '../base/errors.js';

/** Checks a write of `length` bytes at `position` against `alignment`, both in bytes. @throws ERR_MISALIGNED */
export function checkAligned(path: string, alignment: number, position: number, length: number): void {
  if (position % alignment !== 0) throw misaligned('write', path, `position must be a multiple of ${alignment}; received ${position}`);
  if (length % alignment !== 0) throw misaligned('write', path, `data.length must be a multiple of ${alignment}; received ${length}`);
}
