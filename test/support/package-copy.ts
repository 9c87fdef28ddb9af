// A copy of this package in a folder of its own, whose binaries a test chooses, and programs that load it there.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');

/** What a program that loads the package has told of the error. */
export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly lines: readonly string[];
}

export class PackageCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'corebuf-copy-'));
  readonly path = join(this.folder, 'node_modules/corebuf');

  constructor() {
    cpSync(join(root, 'package.json'), join(this.path, 'package.json'));
    cpSync(join(root, 'dist'), join(this.path, 'dist'), { recursive: true, filter: (path) => !/\.(map|d\.m?ts)$/.test(path) });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The binaries that the package brings, by path below prebuilds/. @returns paths of the files */
  setBinaries(files: Readonly<Record<string, Buffer | string>>): string[] {
    const prebuilds = join(this.path, 'prebuilds');
    rmSync(prebuilds, { recursive: true, force: true });
    return Object.entries(files).map(([name, content]) => this.write(join(prebuilds, name), content));
  }

  /** Writes a file; a relative path is below the folder. */
  write(path: string, content: Buffer | string): string {
    const full = join(path.startsWith('/') ? '' : this.folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  /** Requires the package, after `before` has changed the process. `undefined`: it has loaded. */
  load(before = '', { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {}): Failure | undefined {
    return this.run(this.write('load.cjs', `${before}\ntry { require('corebuf') } catch (error) { ${tell} }`), { args, env });
  }

  /** Runs a program that prints nothing, or a failure. */
  run(program: string, { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {}): Failure | undefined {
    const { COREBUF_BINARY: _, ...inherited } = process.env;
    const options = { cwd: this.folder, env: { ...inherited, NODE_NO_WARNINGS: '1', ...env }, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, program], options);
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
    return stdout === '' ? undefined : (JSON.parse(stdout) as Failure);
  }
}

/** A statement that prints `error` as a Failure. */
export const tell = 'console.log(JSON.stringify({ name: error.name, code: error.code, lines: error.message.split("\\n") }))';

/** The binary that this checkout has built. */
export function builtBinary(): Buffer {
  return readFileSync(join(root, 'build/Release/corebuf.node'));
}

/** A copy of bytes in which one text stands for another of the same length. */
export function patched(bytes: Buffer, text: string, instead: string): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(text); at >= 0; at = copy.indexOf(text, at + 1)) copy.write(instead, at, 'latin1');
  return copy;
}
