// Reads a whole file and prints the most memory that this process has taken, in bytes.
import { createReadStream } from 'node:fs';
import { DmaFile } from 'corebuf';

const [, , how, path] = process.argv as [string, string, string, string];

async function withReadable(): Promise<number> {
  await using file = await DmaFile.open(path);
  let bytes = 0;
  for await (const chunk of file.chunks()) {
    bytes += chunk.length;
    chunk.release();
  }
  return bytes;
}

async function withStream(): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(path)) bytes += (chunk as Buffer).length;
  return bytes;
}

void (how === 'readable' ? withReadable() : withStream()).then((bytes) => {
  if (bytes === 0) throw new Error(`${path} is empty`);
  console.log(process.resourceUsage().maxRSS * 1024);
});
