// Programs that only this check needs, in a folder of their own: `npm ci` of the project stays small.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../tree.mjs';
import { run } from './run.mjs';

export const peers = {
  publint: '0.3.25',
  '@arethetypeswrong/cli': '0.18.5',
  pnpm: '12.21.0',
  '@yarnpkg/cli-dist': '4.18.1',
  esbuild: '0.28.2',
  webpack: '5.113.0',
  rollup: '4.68.8',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@rollup/plugin-commonjs': '29.0.3',
  '@vercel/ncc': '0.45.0',
  postject: '1.0.0-alpha.6',
};

/** Path of the folder, whose node_modules has `packages` (versions by name). */
export function toolsFolder(packages) {
  const folder = join(root, 'build-pack');
  const list = join(folder, 'package.json');
  const wanted = `${JSON.stringify({ private: true, type: 'module', dependencies: packages }, null, 2)}\n`;
  if (existsSync(join(folder, 'node_modules')) && existsSync(list) && readFileSync(list, 'utf8') === wanted) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(list, wanted);
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'], { cwd: folder });
  return folder;
}
