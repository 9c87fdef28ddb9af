// Begins many reads in one turn: prints in how many system calls they were handed over, how often JavaScript was entered to tell of
// their ends, and how many turns passed.
import assert from 'node:assert/strict';
import { completionsTold } from '../support/completions-told.js';
import { DmaFile, stats } from 'corebuf';

const READS = 200;
const BLOCK = 4096;

async function main(path: string): Promise<void> {
  const file = await DmaFile.open(path, 'r', { engine: 'io_uring' });
  const readAll = async (): Promise<void> => {
    const reads = await Promise.all(Array.from({ length: READS }, (_, at) => file.read(at * BLOCK, BLOCK)));
    for (const read of reads) read.release();
  };
  await readAll();

  completionsTold();
  const before = stats();
  await readAll();
  const after = stats();
  assert.equal(after.io.reads - before.io.reads, READS);
  console.log(JSON.stringify([after.io.submits - before.io.submits, completionsTold(), after.turns - before.turns]));
  await file.close();
}

void main(process.argv[2]!);
