// Programs that the check of the package runs.
import { spawnSync } from 'node:child_process';

/**
 * Output of a program. It throws when the program fails, or, with `fails`, when it does not. With `mayFail` it returns both: text, failed.
 */
export function run(program, args, { cwd, env = {}, fails = false, mayFail = false } = {}) {
  const options = { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 300_000 };
  const { status, error, stdout, stderr } = spawnSync(program, args, options);
  if (error !== undefined) throw error;
  const failed = status !== 0;
  const text = failed || mayFail ? `${stdout}${stderr}`.trim() : stdout;
  if (mayFail) return { text, failed };
  if (failed !== fails) throw new Error(`\`${[program, ...args].join(' ')}\` ended with ${status}: ${text}`);
  return text;
}

/** Says how long a part took. */
export async function step(name, part) {
  const start = performance.now();
  const result = await part();
  console.log(`pack: ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
