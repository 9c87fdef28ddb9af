// Preloaded into a process and each of its workers: a line with the modules of Node that the thread has loaded when it ends.
'use strict';
const { writeSync } = require('node:fs');
const process = require('node:process');
const { isMainThread } = require('node:worker_threads');

process.on('exit', () => {
  const modules = process.moduleLoadList.flatMap((line) => /^NativeModule (\w+)$/.exec(line)?.[1] ?? []);
  writeSync(1, `${JSON.stringify({ isMainThread, modules })}\n`);
});
