// The file that reads are measured on, and memory that plain Node may read into with O_DIRECT.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const FILE_BYTES = 256 * MIB;
export const BLOCK = 4 * KIB;

/** Node has it; the typings have it among the browser's only. */
declare const WebAssembly: { Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer } };

/** The one way to page-aligned memory in plain Node: O_DIRECT refuses what Buffer allocates. */
export function alignedBlocks(count: number): Buffer[] {
  const pages = new WebAssembly.Memory({ initial: (count * BLOCK) / (64 * KIB) }).buffer;
  return Array.from({ length: count }, (_, at) => Buffer.from(pages, at * BLOCK, BLOCK));
}

export function fillFile(path: string, length = FILE_BYTES): void {
  const fd = openSync(path, 'w');
  const bytes = Buffer.alloc(MIB, 'b');
  for (let at = 0; at < length; at += MIB) writeSync(fd, bytes);
  fdatasyncSync(fd);
  closeSync(fd);
}

export function anyBlock(): number {
  return Math.floor(Math.random() * (FILE_BYTES / BLOCK)) * BLOCK;
}
