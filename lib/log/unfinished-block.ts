// The block in which a file ends, read back into memory so that appending can go on in its middle.
import { ioError } from '../base/errors.js';
import type { DmaFile } from '../io/dma-file.js';
import { EIO } from '../io/errno.js';
import { AppendChunk } from './chunk.js';
import { acquireChunk } from './chunk-pool.js';
import { alignDown } from './disk-block.js';

/** A chunk that begins with the bytes from the last block boundary to `position`; one without room when there are none. @throws ERR_OUT_OF_MEMORY, ERR_IO */
export async function readPartialBlock(file: DmaFile, position: number, chunkSize: number): Promise<AppendChunk> {
  const start = alignDown(position);
  const length = position - start;
  if (length === 0) return AppendChunk.none();
  const chunk = AppendChunk.on(acquireChunk(chunkSize), start, length);
  try {
    const block = await file.read(start, length);
    try {
      if (block.copyTo(chunk.bytes) < length) throw ioError(EIO, 'read', file.path);
      return chunk;
    } finally {
      block.release();
    }
  } catch (error) {
    chunk.retire();
    throw error;
  }
}
