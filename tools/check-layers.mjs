// Layers look down only: an #include names the layer of its file, and that layer is not above the includer's.
// Node is known to native/node alone, Linux to the files that wrap it, and the binary to lib/native.ts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { filesIn, report, root } from './tree.mjs';

const layers = ['base', 'memory', 'shard', 'buffer', 'io', 'node'];
const foreign = [
  { headers: /^(node_api|js_native_api|napi|node|v8|uv)(\/.*|[-\w]*\.h)$/, may: /^node\//, what: 'Node' },
  {
    headers: /^(linux\/.*|sched\.h|sys\/(mman|eventfd|epoll|timerfd|signalfd|syscall|sysinfo|sysmacros|vfs|statfs|prctl)\.h)$/,
    may: /^(memory\/os_memory|shard\/(cpu|stall_watch))\w*\.(h|cc)$|^io\//,
    what: 'Linux',
  },
];

const native = filesIn('native', /\.(h|cc)$/).map((path) => path.slice('native/'.length));
const wrongs = native.flatMap((path) => wrongsOf(path).map((wrong) => `native/${path}: ${wrong}`));

for (const path of filesIn('lib', /\.ts$/)) {
  if (path === 'lib/native.ts') continue;
  const loads = /\bdlopen\b|(from|import|require)\b[\s(]*['"](node-gyp-build|[^'"]*\.node)['"]/;
  if (loads.test(readFileSync(join(root, path), 'utf8'))) wrongs.push(`${path}: only lib/native.ts loads the binary`);
}

report('layers', wrongs);

function wrongsOf(path) {
  const own = path.split('/')[0];
  if (!layers.includes(own)) return [`\`${own}\` is not a layer (${layers.join(', ')})`];
  const includes = [...readFileSync(join(root, 'native', path), 'utf8').matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)];
  const wrongs = [];
  for (const [, quote, header] of includes) {
    for (const { headers, may, what } of foreign) {
      if (headers.test(header) && !may.test(path)) wrongs.push(`<${header}> is ${what}'s, and only ${may.source} may know it`);
    }
    if (quote === '<') continue;
    const [layer, name, ...rest] = header.split('/');
    if (!layers.includes(layer) || !/^\w+\.h$/.test(name ?? '') || rest.length > 0) {
      wrongs.push(`"${header}" does not have the form "layer/name.h"`);
    } else if (layers.indexOf(layer) > layers.indexOf(own)) {
      wrongs.push(`"${header}" is above ${own}`);
    }
  }
  const subject = path.replace(/(_test)?\.cc$/, '.h');
  if (subject !== path && existsSync(join(root, 'native', subject)) && includes[0]?.[2] !== subject) {
    wrongs.push(`"${subject}", its own header, is not its first include`);
  }
  return wrongs;
}
