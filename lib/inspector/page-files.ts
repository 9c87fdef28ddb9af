// The files of the page, which lie beside the package's module. They are read when they are asked for.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { codeFolder } from '../base/code-folder.js';

const folder = join(codeFolder, 'inspector', 'page');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The file that a path of the server names; undefined when the page has none of that name. */
export function pageFile(path: string): { readonly type: string; readonly content: Buffer } | undefined {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = TYPES[extname(name)];
  // Only names of the folder: a path that leads out of it is none of them.
  if (type === undefined || !readdirSync(folder).includes(name)) return undefined;
  return { type, content: readFileSync(join(folder, name)) };
}
