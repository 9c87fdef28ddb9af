// Reports of objects that nobody has released: programs in processes of their own.
import { readFileSync } from 'node:fs';
import type { LeakReport } from 'corebuf';
import { programPath, runProgram } from '../support/program';

const COUNT = 3000;
const LEFT_MOST = 300;

interface Said {
  readonly reclaimed: number;
  readonly reports: LeakReport[];
}

async function forget(trace: string): Promise<Said> {
  const { code, stdout, stderr } = await runProgram('leak-report', { args: ['heard', `${COUNT}`], env: { COREBUF_TRACE_LEAKS: trace } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Said;
}

/** `file:line` of the compiled program where objects of this kind are made. */
function placeOf(kind: string): string {
  const path = programPath('leak-report');
  const line = readFileSync(path, 'utf8').split('\n').findIndex((text) => text.includes(`made here: ${kind}`));
  return `${path}:${line + 1}:`;
}

function firstLine(report: LeakReport): string {
  return report.madeAt!.split('\n')[0]!;
}

test('every leak is reported with kind and bytes, and counted', async () => {
  const { reclaimed, reports } = await forget('');
  expect(reports).toHaveLength(reclaimed);
  expect(reclaimed).toBeGreaterThanOrEqual(COUNT - LEFT_MOST);
  expect(reclaimed).toBeLessThanOrEqual(COUNT);
  const kinds = new Set(reports.map(({ kind, bytes }) => `${kind} of ${bytes}`));
  expect([...kinds].sort()).toEqual(['DmaBuffer of 4096', 'IoBuf of 9']);
  expect(reports.filter(({ madeAt }) => madeAt !== undefined)).toEqual([]);
});

test('who listens may work with chains, and throw: the next report is right all the same', async () => {
  const { code, stdout } = await runProgram('leak-report', { args: ['misused', '1000'] });
  expect(code).toBe(0);
  const { reclaimed, reports, thrown } = JSON.parse(stdout) as Said & { thrown: number };
  expect(reclaimed).toBeGreaterThan(500);
  expect([reports.length, thrown]).toEqual([reclaimed, reclaimed]);
  expect(new Set(reports.map(({ kind, bytes }) => `${kind} of ${bytes}`))).toEqual(new Set(['DmaBuffer of 4096', 'IoBuf of 9']));
});

test('with COREBUF_TRACE_LEAKS=all, every report begins with the line that made the object', async () => {
  const { reports } = await forget('all');
  expect(reports.length).toBeGreaterThanOrEqual(COUNT - LEFT_MOST);
  for (const kind of ['IoBuf', 'DmaBuffer']) {
    const ofKind = reports.filter((report) => report.kind === kind);
    const place = placeOf(kind);
    expect(ofKind.length).toBeGreaterThan(COUNT / 2 - LEFT_MOST);
    expect(ofKind.filter((report) => report.madeAt === undefined)).toHaveLength(0);
    expect(ofKind.filter((report) => !firstLine(report).includes(place)).slice(0, 1)).toEqual([]);
  }
});

test('with COREBUF_TRACE_LEAKS=10, one in ten knows where it was made', async () => {
  const { reports } = await forget('10');
  const placed = reports.filter(({ madeAt }) => madeAt !== undefined);
  expect(placed.length / reports.length).toBeGreaterThan(0.05);
  expect(placed.length / reports.length).toBeLessThan(0.15);
  expect(placed.filter((report) => !firstLine(report).includes(placeOf(report.kind)))).toEqual([]);
});

test.each(['', '0'])('COREBUF_TRACE_LEAKS=%p traces nothing', async (trace) => {
  const { reports } = await forget(trace);
  expect(reports.some(({ madeAt }) => madeAt !== undefined)).toBe(false);
});

test('traced leaks that nobody hears of become warnings', async () => {
  const { code, stderr } = await runProgram('leak-report', { args: ['unheard', '1000'], env: { COREBUF_TRACE_LEAKS: 'all' } });
  expect(code).toBe(0);
  expect(stderr).toMatch(/CorebufLeak: IoBuf of 9 bytes was not released; it was created\n +at forgetChains .*leak-report\.js/);
  expect(stderr).toMatch(/CorebufLeak: DmaBuffer of 4096 bytes was not released; it was created\n +at forgetBuffers .*leak-report\.js/);
});

test('leaks that are not traced and that nobody hears of are only counted', async () => {
  const { code, stdout, stderr } = await runProgram('leak-report', { args: ['unheard', '1000'], env: { COREBUF_TRACE_LEAKS: '' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((JSON.parse(stdout) as Said).reclaimed).toBeGreaterThan(1000 - LEFT_MOST);
});
