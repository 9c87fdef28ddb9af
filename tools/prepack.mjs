// npm runs this before it packs (npm pack, npm publish): a package without its JavaScript, or without the binary of a platform, is no package.
import { existsSync, readFileSync } from 'node:fs';

import { binaryOf, fullPath, hostPlatform, nameOf, platforms } from './platforms.mjs';

// A git install is packed on the machine that it is for: tools/prepare.mjs has built that machine's binary.
const needed = existsSync(fullPath('prebuilds/.this-machine-only')) ? [hostPlatform()] : platforms;
const missing = needed.filter((platform) => !existsSync(fullPath(binaryOf(platform))));
const entries = ['index', 'inspector'].flatMap((name) => ['js', 'mjs', 'd.ts', 'd.mts'].map((kind) => `dist/${name}.${kind}`));
const scripts = [...entries, 'dist/inspector/page/index.html'].filter((path) => !existsSync(fullPath(path)));

if (scripts.length > 0) stop(`${scripts.join(', ')} is missing: run \`npm run setup\``);
if (missing.length > 0) stop(`no binary for ${missing.map(nameOf).join(', ')}: run \`npm run prebuild -- all\``);
if (!readFileSync(fullPath('dist/index.mjs'), 'utf8').startsWith('export {')) stop('dist/index.mjs exports nothing: run `npm run build`');

function stop(why) {
  console.error(`prepack: ${why}`);
  process.exit(1);
}
