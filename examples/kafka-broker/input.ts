// The input: text files of installed packages. A file is cut at the ends of lines into records; all records of a file go to one partition in
// their order, with the path of the file as the key.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** Bytes of a record, at most. */
const RECORD_BYTES = 1024;
const TEXT = new Set(['.cjs', '.css', '.cts', '.html', '.js', '.json', '.jsx', '.md', '.mjs', '.mts', '.ts', '.tsx', '.txt', '.yml', '.yaml']);

/** Topics by what the files hold. */
export const topics = ['code', 'types', 'documents'] as const;

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface InputFile extends Place {
  readonly key: string;
  readonly records: readonly Buffer[];
  readonly bytes: number;
}

/** Text files of `folder` and of the folders in it, in the order of their paths, until they have `bytesMax` bytes. */
export async function readInput(folder: string, partitions: number, bytesMax: number): Promise<InputFile[]> {
  const files: InputFile[] = [];
  let bytes = 0;
  for (const path of await textFilesOf(folder)) {
    if (bytes >= bytesMax) break;
    const key = relative(folder, path).split(sep).join('/');
    const content = await readFile(path);
    files.push({ key, ...placeOf(key, partitions), records: recordsOf(content), bytes: content.length });
    bytes += content.length;
  }
  return files;
}

async function textFilesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && TEXT.has(extname(entry.name)));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function placeOf(key: string, partitions: number): Place {
  return { topic: topicOf(key), partition: hash(key) % partitions };
}

function topicOf(key: string): (typeof topics)[number] {
  if (/\.d\.[cm]?ts$/.test(key)) return 'types';
  return /\.([cm]?[jt]s|[jt]sx)$/.test(key) ? 'code' : 'documents';
}

/** FNV-1a over UTF-16 units. */
function hash(key: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
  return (sum ^ (sum >>> 15)) >>> 0;
}

/** Whole lines in each record, but of a line that is longer than a record. An empty file is one empty record. */
export function recordsOf(content: Buffer): Buffer[] {
  const records: Buffer[] = [];
  let start = 0;
  do {
    const most = start + RECORD_BYTES;
    const lineEnd = most >= content.length ? content.length : content.lastIndexOf('\n', most - 1) + 1;
    const end = lineEnd > start ? lineEnd : Math.min(most, content.length);
    records.push(content.subarray(start, end));
    start = end;
  } while (start < content.length);
  return records;
}
