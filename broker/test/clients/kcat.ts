// kcat, where the machine has it.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

export const hasKcat = spawnSync('kcat', ['-V']).status === 0;

/** Runs kcat and returns what it has printed. */
export async function kcat(address: string, args: readonly string[], input?: string): Promise<string> {
  const running = promisify(execFile)('kcat', ['-b', address, ...args], { timeout: 20_000 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}
