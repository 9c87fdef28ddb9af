// The list of packed files: what sources make, and nothing else.
import { binaryOf, platforms } from '../platforms.mjs';
import { run } from './run.mjs';

const others = ['LICENSE', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'package.json', 'dist/core.js', 'dist/worker.js'];
const entries = ['index', 'inspector'].flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.mjs`, `dist/${entry}.d.mts`]);
/** The page of the inspector runs in browsers, and has no types for others. */
const page = 'lib/inspector/page/';

export function wrongsOfFiles(clone, packed) {
  const expected = new Set(expectedFiles(run('git', ['ls-files'], { cwd: clone }).trim().split('\n')));
  const found = new Set(packed);
  return [
    ...[...expected].filter((path) => !found.has(path)).map((path) => `${path} is not in the package`),
    ...packed.filter((path) => !expected.has(path)).map((path) => `${path} is in the package, and no source of this list makes it`),
  ];
}

function expectedFiles(tracked) {
  const modules = tracked.filter((path) => /^lib\/.*\.ts$/.test(path) && !path.startsWith(page)).map((path) => path.replace(/^lib\/(.*)\.ts$/, 'dist/$1'));
  const pageFiles = tracked.filter((path) => path.startsWith(page)).map((path) => path.replace(/^lib/, 'dist').replace(/\.ts$/, '.js'));
  const documents = tracked.filter((path) => /^docs\/.+\.md$/.test(path));
  const examples = tracked.filter((path) => /^examples\/[^/]+\.mjs$/.test(path));
  return [...others, ...entries, ...pageFiles, ...documents, ...examples, ...modules.map((path) => `${path}.d.ts`), ...platforms.map(binaryOf)];
}
