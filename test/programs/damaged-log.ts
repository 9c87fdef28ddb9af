// The sharded log's run with something changed behind its back, between writing and reading back. Arguments: `segment` or `input`,
// the folder of the input, the folder for segments.
import { openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf } from '../../examples/sharded-log/input.js';
import { run } from '../../examples/sharded-log/run.js';

const [what, input, dir] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  const files = await filesOf(input);
  const damage = (phase: string): void => {
    if (phase === 'reading back') flipByte(what === 'segment' ? largestSegment() : files[0]!.path);
  };
  const watcher = { begin: damage, counted: () => undefined, end: () => 1 };
  await run({ shards: 2, connections: 2, input, dir, engine: undefined, net: 'corebuf', json: true }, files, watcher);
}

function largestSegment(): string {
  const [folder] = readdirSync(dir);
  const paths = readdirSync(join(dir, folder!)).map((name) => join(dir, folder!, name));
  return paths.sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

function flipByte(path: string): void {
  const position = statSync(path).size >> 1;
  const byte = Buffer.alloc(1);
  const file = openSync(path, 'r+');
  readSync(file, byte, 0, 1, position);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, position);
}

main().then(
  () => console.log('nothing was noticed'),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
