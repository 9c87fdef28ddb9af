// Code in documents, run as a reader would run it: the ```ts blocks of a Markdown file, and the @example blocks of TypeScript's
// doc comments. Code keeps its line numbers, so that what fails names the line of the document.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');
const AsyncFunction = (async () => undefined).constructor as new (...args: string[]) => (...values: unknown[]) => Promise<unknown>;

/** Declarations of Node and of the language: most of the time goes into reading them. */
const parsed = new Map<string, ts.SourceFile | undefined>();

export interface Snippet {
  /** Path of the document, from the root of the project. */
  readonly path: string;
  readonly line: number;
  /** With an empty line for each of the document that is none of it. */
  readonly code: string;
}

/** All ts blocks of a Markdown file, in order, are one program; but not blocks that are files of their own (support/documents.ts). */
export function programIn(path: string): Snippet {
  const lines = linesOf(path);
  const code: string[] = [];
  let inside = false;
  lines.forEach((line, at) => {
    const fence = line.startsWith('```');
    code.push(inside && !fence ? line : '');
    if (fence) inside = line === '```ts' && !/^\/\/ [\w-]+\.ts$/.test(lines[at + 1] ?? '');
  });
  return { path, line: 1, code: code.join('\n') };
}

/** Each @example of a TypeScript file is a program. */
export function examplesIn(path: string): Snippet[] {
  const found: { line: number; code: string[] }[] = [];
  let open: { line: number; code: string[] } | undefined;
  linesOf(path).forEach((text, at) => {
    const [, words] = /^\s*\* ?(.*)$/.exec(text) ?? [];
    if (words === '@example') found.push((open = { line: at + 2, code: [] }));
    else if (words === undefined || words.startsWith('/') || words.startsWith('@')) open = undefined;
    else open?.code.push(words);
  });
  return found.map(({ line, code }) => ({ path, line, code: '\n'.repeat(line - 1) + code.join('\n') }));
}

/** Errors that TypeScript finds in them, as path:line: text. `declarations` says what else is there, as a .d.ts would. */
export function typeErrorsIn(snippets: readonly Snippet[], declarations = ''): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const sources = new Map(snippets.map((snippet) => [join(root, `${snippet.path}.${snippet.line}.ts`), snippet]));
  const global = join(root, 'declarations.d.ts');
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  const textOf = (path: string): string | undefined => (path === global ? declarations : sources.get(path)?.code);
  host.readFile = (path) => textOf(path) ?? readFile(path);
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = textOf(path);
    if (text !== undefined) return ts.createSourceFile(path, text, version);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, version, ...rest));
    return parsed.get(path);
  };
  const files = declarations === '' ? [...sources.keys()] : [...sources.keys(), global];
  return ts.getPreEmitDiagnostics(ts.createProgram(files, options, host)).map((found) => describe(found, sources));
}

function describe({ file, start, messageText }: ts.Diagnostic, sources: ReadonlyMap<string, Snippet>): string {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ');
  if (file === undefined) return text;
  return `${sources.get(file.fileName)?.path ?? file.fileName}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}: ${text}`;
}

/** Runs it as a module to its end, with `scope` as further names. It imports the modules that the calling test would get. */
export async function run({ path, line, code }: Snippet, scope: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
    fileName: `${path}.ts`,
  });
  try {
    await new AsyncFunction('require', 'exports', ...Object.keys(scope), outputText)(require, {}, ...Object.values(scope));
  } catch (error) {
    throw new Error(`${path}:${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function linesOf(path: string): string[] {
  return readFileSync(join(root, path), 'utf8').split('\n');
}
