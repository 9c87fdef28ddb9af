// File systems of our own, on loop devices, where we may mount them: each as a suite's parameter.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './turns';

const MiB = 1024 * 1024;

export interface FileSystemKind {
  readonly name: string;
  readonly type: 'tmpfs' | 'ext4' | 'xfs';
  /** Alignment that direct I/O on the device needs, in bytes. */
  readonly sector?: 512 | 4096;
  readonly make?: readonly string[];
  readonly mountOptions?: string;
  /** It says that it can do no direct I/O. */
  readonly buffered?: boolean;
  readonly bytesLeast: number;
}

export const fileSystems: readonly FileSystemKind[] = [
  { name: 'tmpfs', type: 'tmpfs', bytesLeast: 0 },
  { name: 'ext4, sectors of 512 bytes, blocks of 1024', type: 'ext4', sector: 512, make: ['mkfs.ext4', '-q', '-m', '0', '-b', '1024'], bytesLeast: 16 * MiB },
  { name: 'ext4, sectors of 4096 bytes', type: 'ext4', sector: 4096, make: ['mkfs.ext4', '-q', '-m', '0', '-b', '4096'], bytesLeast: 16 * MiB },
  { name: 'ext4 that journals data, too', type: 'ext4', sector: 512, make: ['mkfs.ext4', '-q', '-m', '0', '-b', '4096'], mountOptions: 'data=journal', buffered: true, bytesLeast: 16 * MiB },
  { name: 'xfs, sectors of 512 bytes, blocks of 1024', type: 'xfs', sector: 512, make: ['mkfs.xfs', '-q', '-b', 'size=1024'], bytesLeast: 300 * MiB },
  { name: 'xfs, sectors of 4096 bytes', type: 'xfs', sector: 4096, make: ['mkfs.xfs', '-q'], bytesLeast: 300 * MiB },
];

/** The output of a program. @throws its complaint */
function run(program: string, ...args: string[]): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new Error(`${program}: ${error?.message ?? (stderr.trim() || `exit code ${status}`)}`);
  return stdout.trim();
}

export class Mounted {
  readonly folder: string;
  readonly #parent = mkdtempSync(join(tmpdir(), 'corebuf-mount-'));
  readonly #type: string;
  readonly #options: string[] = [];
  #device: string | undefined;
  #mounted = false;

  /** @throws why not */
  constructor({ type, sector, make = [], mountOptions, bytesLeast }: FileSystemKind, bytes: number) {
    this.folder = join(this.#parent, 'on');
    this.#type = type;
    if (mountOptions !== undefined) this.#options.push('-o', mountOptions);
    try {
      run('mkdir', this.folder);
      if (sector === undefined) this.#options.push('-o', `size=${Math.max(bytes, bytesLeast)}`);
      else this.#device = this.#deviceOf(Math.max(bytes, bytesLeast), sector, make);
      this.#mount();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  #deviceOf(bytes: number, sector: number, [program, ...args]: readonly string[]): string {
    const image = join(this.#parent, 'image');
    writeFileSync(image, '');
    truncateSync(image, bytes);
    this.#device = run('losetup', '--find', '--show', '--sector-size', `${sector}`, image);
    run(program!, ...args, this.#device);
    return this.#device;
  }

  #mount(): void {
    run('mount', '-t', this.#type, ...this.#options, this.#device ?? 'tmpfs', this.folder);
    this.#mounted = true;
  }

  /** Drops what was only in memory; there must be a device. */
  async remount(): Promise<void> {
    let refused = '';
    const unmounted = (): boolean => {
      const { status, stderr } = spawnSync('umount', [this.folder], { encoding: 'utf8' });
      refused = stderr;
      return status === 0;
    };
    // The kernel lets go of a file some time after the last request for it has ended.
    await until(unmounted, () => refused);
    this.#mounted = false;
    this.#mount();
  }

  /** Takes everything down, also when files are still open. */
  end(): void {
    // Lazily: what a test that failed has left open must not keep it here.
    if (this.#mounted) run('umount', '--lazy', this.folder);
    this.#mounted = false;
    if (this.#device !== undefined) run('losetup', '--detach', this.#device);
    this.#device = undefined;
    if (existsSync(this.#parent)) rmSync(this.#parent, { recursive: true });
  }
}

/** `describe`, or its skip with a line that says why. */
export function describeFileSystem(kind: FileSystemKind, suite: () => void): void {
  try {
    new Mounted(kind, 0).end();
    describe(`on ${kind.name}`, suite);
  } catch (error) {
    console.info(`${kind.name} is left out: ${(error as Error).message}`);
    describe.skip(`on ${kind.name}`, suite);
  }
}

/** Mounted in each test of a suite that asks for it, and gone after it, however it ended. */
export function mountsAfterEach(kind: FileSystemKind): (bytes?: number) => Mounted {
  const all: Mounted[] = [];
  afterEach(() => {
    for (const mounted of all.splice(0)) mounted.end();
  });
  return (bytes = 64 * MiB) => {
    const mounted = new Mounted(kind, bytes);
    all.push(mounted);
    return mounted;
  };
}
