// No argument that JavaScript passes to the binary meets an assert: each entry takes the call or throws.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programPath } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

const ROUNDS = 200;

/** The parameters of each function that lib/native/binding.ts declares. */
function signatures(): Record<string, string[]> {
  const declared = readFileSync(join(__dirname, '../../lib/native/binding.ts'), 'utf8');
  const [, body] = /interface Native \{([^]*?)\n\}/.exec(declared) ?? [];
  const functions = body!.matchAll(/^ {2}(\w+)\((.*)\): /gm);
  const named = [...functions].map(([, name, list]) => [name!, [...list!.matchAll(/(\w+):/g)].map(([, parameter]) => parameter!)] as const);
  return Object.fromEntries<string[]>(named);
}

test('every entry of the binary lives through junk, stale handle slots and messages without sense', async () => {
  const seed = process.env.COREBUF_SEED ?? `${Math.floor(Math.random() * 2 ** 32)}`;
  console.info(`COREBUF_SEED=${seed}`);
  const path = scratchPath();
  writeFileSync(path, Buffer.alloc(1 << 20));
  // Unix sockets come into being in the folder of the file.
  const child = spawn(process.execPath, ['--expose-gc', programPath('junk-arguments'), seed, `${ROUNDS}`, path], { cwd: dirname(path) });
  child.stdin.end(JSON.stringify(signatures()));
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect({ ...((await ended) as object), stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ neverCalled: [], neverTaken: [], eventsNeverTold: [] });
});
