// The package that npm would publish works. This check packs a clean copy of the checkout, compares the list of files, follows the links of its
// documents, installs the tarball with npm, pnpm and yarn where every compiler fails, compiles and runs README there, runs the examples, and gives it
// to publint, attw and four bundlers.
// Run `npm run prebuild -- all` first: binaries are the only thing that the copy takes and git does not track.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { wrongsOfBinaries } from './pack/binaries.mjs';
import { wrongsOfBundles } from './pack/bundles.mjs';
import { wrongsOfExamples } from './pack/examples.mjs';
import { wrongsOfFiles } from './pack/files.mjs';
import { installEverywhere } from './pack/installs.mjs';
import { wrongsOfLinks } from './pack/links.mjs';
import { wrongsOfReadme } from './pack/readme.mjs';
import { run, step } from './pack/run.mjs';
import { peers, toolsFolder } from './pack/tools.mjs';
import { report, root } from './tree.mjs';

const folder = mkdtempSync(join(tmpdir(), 'corebuf-pack-'));
const clone = join(folder, 'clone');
const wrongs = [];
try {
  await step('clone', () => cloneAndBuild());
  const tarball = await step('pack', () => packed());
  await step('tools', () => toolsFolder(peers));
  wrongs.push(...(await step('publint, attw', () => wrongsOfTypes(tarball))));
  const installed = await step('npm, pnpm, yarn', () => installEverywhere(folder, tarball));
  wrongs.push(...installed.wrongs);
  wrongs.push(...(await step('README', () => wrongsOfReadme(installed.npm))));
  wrongs.push(...(await step('examples', () => wrongsOfExamples(installed.npm))));
  wrongs.push(...(await step('bundlers', () => wrongsOfBundles(installed.npm))));
  wrongs.push(...(await step('binaries', () => wrongsOfBinaries(join(installed.npm, 'node_modules/corebuf')))));
} catch (error) {
  wrongs.push(error.message);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report('pack', wrongs);

function cloneAndBuild() {
  copyTracked();
  const empty = run('npm', ['pack', '--dry-run'], { cwd: clone, fails: true });
  if (!/^prepack: dist\/index\.js/m.test(empty)) wrongs.push(`a clone that was not built is packed, or fails otherwise: ${empty}`);
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  if (existsSync(join(root, 'prebuilds'))) cpSync(join(root, 'prebuilds'), join(clone, 'prebuilds'), { recursive: true });
  run(process.execPath, ['tools/setup.mjs', '--package'], { cwd: clone });
}

/** Copies what git would track here. Git gets a folder of its own for that: the checkout may be an archive, or belong to another user. */
function copyTracked() {
  const env = { GIT_DIR: join(folder, 'git'), GIT_WORK_TREE: root };
  run('git', ['init', '-q'], { env });
  run('git', ['add', '--all', root], { cwd: root, env });
  run('git', ['checkout-index', '--all', `--prefix=${clone}/`], { cwd: root, env });
  run('git', ['init', '-q'], { cwd: clone });
  run('git', ['add', '--all'], { cwd: clone });
}

function packed() {
  // `npm pack` would run `prepare`, too, which builds what a clone lacks.
  run(process.execPath, ['tools/prepack.mjs'], { cwd: clone });
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: clone }));
  const packed = files.map(({ path }) => path);
  wrongs.push(...wrongsOfFiles(clone, packed), ...wrongsOfLinks(clone, packed));
  return join(folder, filename);
}

function wrongsOfTypes(tarball) {
  const bin = join(toolsFolder(peers), 'node_modules/.bin');
  return [['publint', ['run', tarball, '--strict']], ['attw', [tarball]]].flatMap(([tool, args]) => {
    const output = run(join(bin, tool), args, { mayFail: true });
    return output.failed ? [`${tool}: ${output.text}`] : [];
  });
}
