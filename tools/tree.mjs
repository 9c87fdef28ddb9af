// The files of this project, for the checks: one walk, one way to report.
import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Paths of the files below `folder` whose names match, relative to the root, sorted, with forward slashes. */
export function filesIn(folder, pattern) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)).split(sep).join('/'))
    .sort();
}

/** Prints what is wrong, or that nothing is; a check's last statement. */
export function report(check, wrongs) {
  for (const wrong of wrongs) console.error(`${check}: ${wrong}`);
  if (wrongs.length > 0) process.exitCode = 1;
  else console.log(`${check}: ok`);
}
