// Programs in documents, built and run as a reader would: each ts block that begins with `// name.ts` is a file of that name. They are
// compiled as ES modules in a folder where `corebuf` is an installed package.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = join(__dirname, '../..');

/** A ts block of a document. */
export interface Block {
  /** From its first line, `// name.ts`; undefined when there is no such line. */
  readonly name: string | undefined;
  readonly code: string;
  /** Number of its lines. */
  readonly lines: number;
}

/** The ts blocks of a Markdown file, in order. */
export function blocksIn(path: string): Block[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => ({
    name: /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1],
    code,
    lines: code.trimEnd().split('\n').length,
  }));
}

/** Writes the named blocks into `folder` and compiles them; returns what the compiler has to say, an empty list when nothing is wrong. */
export function compileInto(folder: string, blocks: readonly Block[]): string[] {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/corebuf'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const sources = blocks.flatMap(({ name, code }) => {
    if (name === undefined) return [];
    writeFileSync(join(folder, name), code);
    return [join(folder, name)];
  });
  const program = ts.createProgram(sources, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    skipLibCheck: true,
    noEmitOnError: true,
  });
  const { diagnostics } = program.emit();
  return diagnostics.map(({ file, messageText }) => {
    const where = file === undefined ? '' : `${basename(file.fileName)}: `;
    return where + ts.flattenDiagnosticMessageText(messageText, ' ');
  });
}

/** Runs a compiled file in its folder, as a process of its own, to its end, with `env` beside the environment; returns what it printed. */
export async function runFile(folder: string, name: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd: folder, timeout: 30_000, env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, [name], options);
  return stdout;
}
