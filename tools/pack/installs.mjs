// The tarball, installed by npm, pnpm and yarn in empty folders, with compilers that fail. The names are the same for import and require.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { run } from './run.mjs';
import { peers, toolsFolder } from './tools.mjs';

const asks = `import * as all from "corebuf"; import * as looking from "corebuf/inspector"; import { createRequire } from "node:module";
  const one = (...modules) => modules.map((module) => Object.keys(module).sort().join()).join(" and ");
  const require = createRequire(import.meta.url);
  console.log(one(all, looking)); console.log(one(require("corebuf"), require("corebuf/inspector")));
  const inspector = await looking.inspect();
  const page = await (await fetch(inspector.url)).text();
  console.log(page.includes("corebuf inspector") && (await fetch(inspector.url + "main.js")).status === 200);
  await inspector.close();`;

export function installEverywhere(folder, tarball) {
  const env = { PATH: fakeCompilers(folder) + delimiter + process.env.PATH };
  const tools = join(toolsFolder(peers), 'node_modules');
  const npm = installed('npm', ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
  const pnpm = installed('pnpm', [process.execPath, join(tools, 'pnpm/bin/pnpm.mjs'), 'add', tarball]);
  const yarn = installed('yarn', [process.execPath, join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'add', `corebuf@file:${tarball}`]);
  return { npm: npm.path, wrongs: [...npm.wrongs, ...pnpm.wrongs, ...yarn.wrongs] };

  function installed(name, [program, ...args]) {
    const path = join(folder, `by-${name}`);
    mkdirSync(path);
    writeFileSync(join(path, 'package.json'), '{ "private": true, "name": "user" }\n');
    writeFileSync(join(path, 'ask.mjs'), asks);
    if (name === 'yarn') writeFileSync(join(path, '.yarnrc.yml'), 'enableTelemetry: false\nenableGlobalCache: false\npnpEnableEsmLoader: true\n');
    const options = { cwd: path, env: { ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: '0' } };
    run(program, args, options);
    // Yarn resolves packages by a table of its own, which only it gives to node.
    const ask = name === 'yarn' ? [program, [args[0], 'node', 'ask.mjs']] : [process.execPath, ['ask.mjs']];
    const [imported, required, page] = run(...ask, options).trim().split('\n');
    const wrongs = imported === required && /IoBuf.* and inspect$/.test(imported) ? [] : [`${name}: import gives ${imported}, require gives ${required}`];
    if (page !== 'true') wrongs.push(`${name}: the inspector serves no page`);
    return { path, wrongs };
  }
}

function fakeCompilers(folder) {
  const fakes = join(folder, 'fakes');
  mkdirSync(fakes);
  for (const tool of ['g++', 'gcc', 'c++', 'cc', 'make', 'cmake', 'node-gyp']) {
    writeFileSync(join(fakes, tool), '#!/bin/sh\nexit 1\n');
    chmodSync(join(fakes, tool), 0o755);
  }
  return fakes;
}
