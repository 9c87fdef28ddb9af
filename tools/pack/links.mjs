// Links of packed documents lead to packed files, because whoever has installed the package reads them there. What the package lacks has an address.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const LINK = /\]\((?!#|[a-z]+:)([^)\s#]+)[^)]*\)/g;

export function wrongsOfLinks(folder, packed) {
  const places = new Set(packed.flatMap((path) => [path, ...foldersOf(path)]));
  return packed
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => linksOf(readFileSync(join(folder, path), 'utf8')).map((link) => ({ path, link, target: posix.join(posix.dirname(path), link) })))
    .filter(({ target }) => !places.has(target.replace(/\/$/, '')))
    .map(({ path, link }) => `${path} has a link to ${link}, which is not in the package: add it to \`files\`, or give its address`);
}

function linksOf(text) {
  return [...text.matchAll(LINK)].map(([, link]) => link);
}

function foldersOf(path) {
  return path.split('/').slice(0, -1).map((_, at, names) => names.slice(0, at + 1).join('/'));
}
