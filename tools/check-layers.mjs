// Layers look down only: an #include names the layer of its file, and that layer is not above the includer's.
// The same holds for imports of lib/, of values and of types. Only native/node knows Node, only the files of a system know that system, and
// only lib/native/load.ts loads the binary.
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { filesIn, report, root } from './tree.mjs';

const layers = ['base', 'memory', 'shard', 'buffer', 'io', 'net', 'turn', 'node'];
const foreign = [
  { headers: /^(node_api|js_native_api|napi|node|v8|uv)(\/.*|[-\w]*\.h)$/, may: /^node\//, what: 'Node' },
  {
    headers: /^(linux\/.*|sched\.h|sys\/(eventfd|epoll|timerfd|signalfd|syscall|sysinfo|sysmacros|vfs|statfs|prctl)\.h|asm\/.*|sys\/auxv\.h)$/,
    may: /_(linux|test)\.(cc|h)$/,
    what: 'Linux',
  },
  { headers: /_linux\.h$/, may: /_linux\.(cc|h)$/, what: 'Linux' },
  { headers: /_posix\.h$/, may: /_(posix|darwin)\.cc$/, what: 'the POSIX side' },
  { headers: /^sys\/mman\.h$/, may: /^(memory\/os_memory|io\/uring_linux)/, what: 'the system' },
];

/** Systems are told apart by the list of sources, and never by the preprocessor. */
const asksForSystem = /^\s*#\s*(if|ifdef|ifndef|elif)\b.*\b(__linux__|__APPLE__|__GLIBC__|__unix__|__FreeBSD__|_WIN32)\b/m;

const native = filesIn('native', /\.(h|cc)$/).map((path) => path.slice('native/'.length));
const wrongs = native.flatMap((path) => wrongsOf(path).map((wrong) => `native/${path}: ${wrong}`));

const facade = ['base', 'native', 'shard', 'buffer', 'stream', 'iobuf', 'net', 'io', 'log', 'rpc', 'group', 'inspector'];
/** The entries of the package. */
const entries = ['lib/index.ts', 'lib/inspector.ts'];
/** Files and calls never meet: no layer of the one half knows a layer of the other. */
const apart = { files: ['io', 'log'], calls: ['rpc', 'group'] };

for (const path of filesIn('lib', /\.ts$/)) wrongs.push(...wrongsOfModule(path).map((wrong) => `${path}: ${wrong}`));

report('layers', wrongs);

function wrongsOf(path) {
  const own = path.split('/')[0];
  if (!layers.includes(own)) return [`\`${own}\` is not a layer (${layers.join(', ')})`];
  const text = readFileSync(posix.join(root, 'native', path), 'utf8');
  const includes = [...text.matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)];
  const wrongs = [];
  if (asksForSystem.test(text)) wrongs.push('the preprocessor asks for the system: put what differs into files that end in _linux, _posix or _darwin');
  for (const [, quote, header] of includes) {
    for (const { headers, may, what } of foreign) {
      if (headers.test(header) && !may.test(path)) wrongs.push(`<${header}> belongs to ${what}, and only ${may.source} may include it`);
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
  if (subject !== path && existsSync(posix.join(root, 'native', subject)) && includes[0]?.[2] !== subject) {
    wrongs.push(`"${subject}", its own header, is not its first include`);
  }
  return wrongs;
}

function wrongsOfModule(path) {
  const text = readFileSync(posix.join(root, path), 'utf8');
  const wrongs = [];
  const loads = /\bdlopen\b|(from|import|require)\b[\s(]*['"][^'"]*\.node['"]/;
  if (path !== 'lib/native/load.ts' && loads.test(text)) wrongs.push('only lib/native/load.ts loads the binary');
  if (entries.includes(path)) return wrongs;
  const own = path.split('/')[1];
  if (!facade.includes(own)) return [...wrongs, `it lies in none of the layers (${facade.join(', ')}), and only entries may`];
  // Static imports and exports of values and types, import() and import('…') in types.
  for (const [, module] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]*)['"]/g)) {
    const target = posix.join(posix.dirname(path), module);
    const [, layer, file] = target.split('/');
    if (file === undefined || !facade.includes(layer)) wrongs.push(`'${module}' lies in no layer`);
    else if (facade.indexOf(layer) > facade.indexOf(own)) wrongs.push(`'${module}' is above ${own}`);
    else if (areApart(own, layer)) wrongs.push(`'${module}': ${own} and ${layer} do not know each other`);
  }
  return wrongs;
}

function areApart(one, other) {
  return (apart.files.includes(one) && apart.calls.includes(other)) || (apart.calls.includes(one) && apart.files.includes(other));
}
