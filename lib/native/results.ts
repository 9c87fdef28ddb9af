// The results of native functions: 0 or more is success, a number below 0 is an error (native/node/results.h).
import { ioError, misaligned, outOfMemory } from '../base/errors.js';
import { constants } from './binding.js';

export const OUT_OF_MEMORY = constants.errorOutOfMemory;
export const SHARD_GONE = constants.errorShardGone;

/** C++ also refuses other misaligned arguments, but TypeScript has checked those before (io/alignment.ts). */
const MISALIGNED_MEMORY =
  'each fragment of data must begin and end at a multiple of DmaFile.alignment.memory; received one that does not: copy the data into a DmaBuffer';

/** Returns the result of a call that can only succeed or run out of memory. @throws ERR_OUT_OF_MEMORY */
export function check(result: number): number {
  if (result >= 0) return result;
  throw outOfMemory();
}

/** Returns the result of a call on a file. @throws ERR_MISALIGNED, ERR_IO, ERR_OUT_OF_MEMORY */
export function checkFile(result: number, syscall: string, path: string): number {
  if (result >= 0) return result;
  if (result === constants.errorMisaligned) throw misaligned(syscall, path, MISALIGNED_MEMORY);
  if (result <= constants.errnoBase) throw ioError(constants.errnoBase - result, syscall, path);
  throw outOfMemory();
}
