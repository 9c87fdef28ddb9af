// The examples of the package, each run where npm has put it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './run.mjs';

export function wrongsOfExamples(installed) {
  const folder = join(installed, 'node_modules/corebuf/examples');
  return readdirSync(folder).flatMap((name) => {
    const { text, failed } = run(process.execPath, [join(folder, name)], { cwd: installed, mayFail: true });
    return failed || text === '' ? [`examples/${name}: ${text}`] : [];
  });
}
