// Memory over a long time, in a process of its own. COREBUF_SOAK_PAIRS and COREBUF_SOAK_FORGOTTEN make it longer:
//   COREBUF_SOAK_PAIRS=50000000 COREBUF_SOAK_FORGOTTEN=1000000 npm test -- soak
import { runProgram } from '../support/program';

/** Another binary, and other views, take much longer. */
const { COREBUF_BINARY, COREBUF_CHECKED, COREBUF_COPY_VIEWS } = process.env;
const SLOW = (COREBUF_BINARY ?? COREBUF_CHECKED ?? COREBUF_COPY_VIEWS) !== undefined;

const PAIRS = Number(process.env.COREBUF_SOAK_PAIRS ?? (SLOW ? 200_000 : 2_000_000));
const FORGOTTEN = Number(process.env.COREBUF_SOAK_FORGOTTEN ?? (SLOW ? 50_000 : 200_000));

const MIB = 2 ** 20;
/** Bytes that the collector's own timing may add: eight bytes for each of two million buffers. */
const SLACK = 16 * MIB;
/** Handles that are being filled or were filled last: leaks are found by whole blocks. */
const BLOCKS_OPEN = 1_000;

/** The output of test/programs/soak.ts. */
interface SoakReport {
  readonly rss: number[];
  readonly external: number[];
  readonly liveAfter: number;
  readonly reclaimed: number;
  readonly liveAtEnd: number;
}

jest.setTimeout(600_000);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The medians of the first, the second and the last third. */
function thirds(values: readonly number[]): [number, number, number] {
  const third = values.length / 3;
  const part = (at: number): number => median(values.slice(at * third, (at + 1) * third));
  return [part(0), part(1), part(2)];
}

function expectFlat(values: readonly number[]): void {
  const [first, second, last] = thirds(values);
  expect(second).toBeLessThan(first + SLACK);
  expect(last).toBeLessThan(first + SLACK);
}

test(`memory stays flat over ${PAIRS} buffers, and ${FORGOTTEN} that are forgotten are reclaimed and counted`, async () => {
  // AddressSanitizer keeps what is freed, 256 MiB of it: with less the process's memory tells something.
  const env = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1` };
  const { code, stdout, stderr } = await runProgram('soak', { args: [String(PAIRS), String(FORGOTTEN)], env, patienceMs: 580_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = JSON.parse(stdout) as SoakReport;
  if (process.env.COREBUF_SOAK_PAIRS !== undefined) console.log(inWords(report));

  expectFlat(report.rss);
  expectFlat(report.external);
  expect(report.liveAfter).toBe(0);
  expect(report.reclaimed).toBeGreaterThanOrEqual(FORGOTTEN - BLOCKS_OPEN);
  expect(report.reclaimed).toBeLessThanOrEqual(FORGOTTEN);
});

function inWords(report: SoakReport): string {
  const mib = (values: readonly number[]): string => thirds(values).map((value) => (value / MIB).toFixed(1)).join(' ');
  const { liveAfter, reclaimed, liveAtEnd } = report;
  return JSON.stringify({ rssMiB: mib(report.rss), externalMiB: mib(report.external), liveAfter, reclaimed, liveAtEnd });
}
