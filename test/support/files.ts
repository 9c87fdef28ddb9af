// Files for tests, and the engines to test them with.
import { writeFileSync } from 'node:fs';
import { capabilities } from 'corebuf';
import type { DmaFile, IoBuf } from 'corebuf';
import { Random } from './random';
import { scratchPath } from './scratch';

export const engines: readonly DmaFile['engine'][] = capabilities().ioUring === true ? ['io_uring', 'threads'] : ['threads'];

const PATTERN = new Random(1).bytes(64 * 1024);
const BLOCK = 512;

/** The path of a new file, and what is in it: no two blocks are the same. */
export function fileOf(length: number): { path: string; content: Buffer } {
  const path = scratchPath();
  const content = Buffer.alloc(length, PATTERN);
  for (let at = 0; at + 4 <= length; at += BLOCK) content.writeUInt32LE(at / BLOCK, at);
  writeFileSync(path, content);
  return { path, content };
}

/** Whether the chain, which it releases, holds just these bytes. */
export function holds(chain: IoBuf, bytes: Uint8Array): boolean {
  const same = chain.equals(bytes);
  chain.release();
  return same;
}
