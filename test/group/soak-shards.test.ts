// Random calls between shards that die and come back, in a process of its own. COREBUF_SOAK_SECONDS makes it longer, COREBUF_SEED repeats it:
//   COREBUF_SOAK_SECONDS=600 npm test -- soak-shards
import { runProgram } from '../support/program';
import { Random } from '../support/random';

/** Another binary, and other views, are tried briefly. */
const { CI, COREBUF_BINARY, COREBUF_CHECKED, COREBUF_COPY_VIEWS, COREBUF_SOAK_SECONDS } = process.env;
const ordinary = (COREBUF_BINARY ?? COREBUF_CHECKED ?? COREBUF_COPY_VIEWS) === undefined;
const seconds = Number(COREBUF_SOAK_SECONDS ?? (ordinary && CI !== undefined ? 20 : 8));

const PATIENCE_MS = seconds * 1000 + 100_000;

jest.setTimeout(PATIENCE_MS + 10_000);

test(`for ${seconds} s every call between shards is settled once, and nothing is left`, async () => {
  const { seed } = new Random();
  console.info(`COREBUF_SEED=${seed}`);
  const { code, signal, stdout, stderr } = await runProgram('soak-shards', { args: [String(seconds), String(seed)], patienceMs: PATIENCE_MS });
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  const { calls, deaths } = JSON.parse(stdout) as { calls: number; deaths: number };
  if (COREBUF_SOAK_SECONDS !== undefined) console.info(stdout);
  expect(deaths).toBeGreaterThan(0);
  expect(calls).toBeGreaterThan(100);
});
