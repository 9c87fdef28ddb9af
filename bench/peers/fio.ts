// fio, the yardstick of Linux block I/O, doing the same thing to the same file for a moment.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

export interface FioJob {
  readonly path: string;
  readonly rw: 'randread' | 'read' | 'write';
  readonly blockSize: number;
  readonly size: number;
  readonly depth: number;
}

interface Direction {
  readonly iops: number;
  readonly bw_bytes: number;
}

export function hasFio(): boolean {
  return spawnSync('fio', ['--version']).status === 0;
}

/** Operations, or bytes, of each second. */
export async function runFio({ path, rw, blockSize, size, depth }: FioJob, ms: number): Promise<{ operations: number; bytes: number }> {
  const { stdout } = await promisify(execFile)('fio', [
    '--name=job', `--filename=${path}`, `--rw=${rw}`, `--bs=${blockSize}`, `--size=${size}`, `--iodepth=${depth}`,
    '--ioengine=io_uring', '--direct=1', '--time_based', `--runtime=${Math.ceil(ms)}ms`, '--output-format=json',
  ]);
  const [job] = (JSON.parse(stdout) as { jobs: { read: Direction; write: Direction }[] }).jobs;
  const { iops, bw_bytes } = rw === 'write' ? job!.write : job!.read;
  return { operations: iops, bytes: bw_bytes };
}
