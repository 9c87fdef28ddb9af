// How much memory a program takes that reads a file of 2 GiB from front to back, in a process of its own.
import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sideOf } from '../harness/measure.js';
import type { Case } from '../harness/suite.js';

const BYTES = 2 ** 31;

/** In MiB. */
async function peakOf(how: 'readable' | 'createReadStream', path: string): Promise<number> {
  const program = join(__dirname, '..', 'workers', 'streams-file.js');
  const { stdout } = await promisify(execFile)(process.execPath, [program, how, path]);
  return Number(stdout) / 2 ** 20;
}

/** Nothing but holes: this is about memory. */
export function streamingCases(folder: string): Case[] {
  const path = join(folder, 'long');
  const fd = openSync(path, 'w');
  ftruncateSync(fd, BYTES);
  closeSync(fd);
  return [
    {
      kind: 'own',
      name: 'peak of memory while reading 2 GiB',
      unit: 'MiB',
      peerName: 'createReadStream',
      async measure() {
        return { ours: sideOf([await peakOf('readable', path)]), peer: sideOf([await peakOf('createReadStream', path)]) };
      },
    },
  ];
}
