// The input: files, each under its path in the input folder as the key, cut into pieces.
import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PIECE } from './protocol.js';

export interface InputFile {
  readonly key: string;
  readonly path: string;
  readonly size: number;
}

const READ_SIZE = 16 * PIECE;

/** Every file of `folder` and of its folders, the largest first. */
export async function filesOf(folder: string): Promise<InputFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path, key: relative(folder, path).split(sep).join('/'), size: (await stat(path)).size };
  });
  return (await Promise.all(files)).sort((a, b) => b.size - a.size || (a.key < b.key ? -1 : 1));
}

/** How many records a file becomes: an empty file is one empty record, so that it is there. */
export function piecesIn(size: number): number {
  return Math.max(1, Math.ceil(size / PIECE));
}

/** The file in pieces of PIECE bytes, the last one shorter. A piece is good until the next one is asked for. */
export async function* piecesOf(file: InputFile): AsyncGenerator<Buffer> {
  const handle = await open(file.path);
  try {
    for (let position = 0, left = piecesIn(file.size); left > 0; ) {
      const block = Buffer.allocUnsafe(Math.min(READ_SIZE, file.size - position));
      const length = await readFully(handle, block, position);
      if (length < block.length) throw new Error(`${file.path} has become shorter while it was read`);
      const pieces = piecesIn(length);
      for (let at = 0; at < pieces; at++) yield block.subarray(at * PIECE, (at + 1) * PIECE);
      left -= pieces;
      position += length;
    }
  } finally {
    await handle.close();
  }
}

async function readFully(handle: Awaited<ReturnType<typeof open>>, block: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < block.length) {
    const { bytesRead } = await handle.read(block, length, block.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
