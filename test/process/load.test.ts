// Each cause for which the package cannot load has a code of its own, and a first line that says what is wrong. A copy of the package is
// broken in each way.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { fileSystems, Mounted } from '../support/file-systems';
import { builtBinary, PackageCopy, patched, tell } from '../support/package-copy';

const here = `${process.platform}-${process.arch}`;
const shipped = `${here}/corebuf.glibc.node`;
const binary = builtBinary();
const copy = new PackageCopy();

afterAll(() => copy.remove());

function pretend(object: string, property: string, value: string): string {
  return `Object.defineProperty(${object}, '${property}', { value: ${value}, configurable: true });`;
}

test('the copy loads with the binary that it brings', () => {
  copy.setBinaries({ [shipped]: binary });
  expect(copy.load()).toBeUndefined();
});

describe('no binary for this platform', () => {
  beforeAll(() => void copy.setBinaries({ [shipped]: binary, 'darwin-arm64/corebuf.node': '' }));

  test('names the platform and what there is', () => {
    expect(copy.load(pretend('process', 'platform', "'win32'"))).toMatchObject({
      name: 'LoadError',
      code: 'ERR_NO_BINARY',
      lines: [`corebuf has no binary for win32-${process.arch}; it has darwin-arm64, ${here} with glibc.`, expect.stringContaining(copy.path), expect.stringContaining('WSL')],
    });
  });

  test('musl is recognised by the header of the report', () => {
    const musl = pretend('process.report', 'getReport', '() => ({ header: {} })');
    expect(copy.load(musl)).toMatchObject({ code: 'ERR_NO_BINARY', lines: [`corebuf has no binary for ${here} with musl; it has darwin-arm64, ${here} with glibc.`, expect.anything(), expect.anything()] });
    copy.setBinaries({ [`${here}/corebuf.musl.node`]: binary });
    expect(copy.load(musl)).toBeUndefined();
  });

  test.each([
    ['linux', 'x64', 'glibc'],
    ['linux', 'arm64', 'glibc'],
    ['linux', 'x64', 'musl'],
    ['linux', 'arm64', 'musl'],
    ['darwin', 'arm64', undefined],
    ['darwin', 'x64', undefined],
  ])('%s %s %s has a binary of its own', (platform, arch, libc) => {
    const files = ['linux-x64/corebuf.glibc', 'linux-arm64/corebuf.glibc', 'linux-x64/corebuf.musl', 'linux-arm64/corebuf.musl', 'darwin-arm64/corebuf', 'darwin-x64/corebuf'];
    const own = `${platform}-${arch}/corebuf${libc === undefined ? '' : `.${libc}`}`;
    copy.setBinaries(Object.fromEntries(files.map((file) => [`${file}.node`, file === own ? binary : ''])));
    const header = libc === 'glibc' ? "{ glibcVersionRuntime: '2.36' }" : '{}';
    const machine = [pretend('process', 'platform', `'${platform}'`), pretend('process', 'arch', `'${arch}'`), pretend('process.report', 'getReport', `() => ({ header: ${header} })`)];
    expect(copy.load(machine.join(' '))).toBeUndefined();
  });

  test('says so when there is none at all', () => {
    copy.setBinaries({});
    expect(copy.load()?.lines[0]).toBe(`corebuf has no binary for ${here}; it has none at all.`);
  });
});

describe('a binary that does not load', () => {
  const broken = (content: Buffer | string): { path: string; code?: string; lines?: readonly string[] } => {
    const [path] = copy.setBinaries({ [shipped]: content });
    return { path: path!, ...copy.load() };
  };

  test('a C library that is too old', () => {
    const { code, lines } = broken(patched(binary, 'GLIBC_2.14', 'GLIBC_9.14'));
    expect(code).toBe('ERR_BINARY_INVALID');
    expect(lines?.[0]).toMatch(/^corebuf's binary does not load: .*version `GLIBC_9\.14' not found \(required by .*corebuf\.glibc\.node\)$/);
    expect(lines?.[1]).toMatch(/^The C library of this system is too old: corebuf needs GLIBC 2\.28 and GLIBCXX 3\.4\.25/);
  });

  test('a library that is missing', () => {
    const { code, lines } = broken(patched(binary, 'libstdc++.so.6', 'libstdc++.so.9'));
    expect(code).toBe('ERR_BINARY_INVALID');
    expect(lines?.[0]).toMatch(/^corebuf's binary does not load: .*corebuf\.glibc\.node: libstdc\+\+\.so\.9: cannot open shared object file/);
    expect(lines?.[1]).toMatch(/^A library that the binary needs is missing/);
  });

  test.each([
    ['a file that is no binary', Buffer.alloc(8192, 'x'), 'invalid ELF header'],
    ['a file that was cut', 'version https', 'file too short'],
    ['a file that was cut behind its header', binary.subarray(0, 1000), `the file was cut: it has 1000 of ${binary.length} bytes`],
    ['a file that lacks its last byte', binary.subarray(0, -1), `the file was cut: it has ${binary.length - 1} of ${binary.length} bytes`],
  ])('%s', (_, content, text) => {
    const { path, code, lines } = broken(content);
    expect(code).toBe('ERR_BINARY_INVALID');
    expect(lines).toEqual([`corebuf's binary does not load: ${path}: ${text}`, expect.stringMatching(/^The file is damaged/)]);
  });

  test('a file system without exec', () => {
    let mounted;
    try {
      mounted = new Mounted({ ...fileSystems[0]!, mountOptions: 'noexec' }, 2 * statSync(join(__dirname, '../../build/Release/corebuf.node')).size);
    } catch (error) {
      console.log(`nothing can be mounted here: ${(error as Error).message}`);
      return;
    }
    try {
      copy.setBinaries({});
      const path = copy.write(join(mounted.folder, 'corebuf.node'), binary);
      const failure = copy.load('', { env: { COREBUF_BINARY: path } });
      expect(failure?.code).toBe('ERR_BINARY_INVALID');
      expect(failure?.lines[0]).toMatch(`corebuf's binary does not load: ${path}: failed to map segment from shared object`);
      expect(failure?.lines[1]).toMatch(/^The folder may lie on a file system that is mounted with noexec/);
    } finally {
      mounted.end();
    }
  });
});

describe('addons that are forbidden', () => {
  beforeAll(() => void copy.setBinaries({ [shipped]: binary }));

  test('--no-addons', () => {
    expect(copy.load('', { args: ['--no-addons'] })).toMatchObject({
      code: 'ERR_ADDONS_FORBIDDEN',
      lines: ['corebuf is a native addon, and --no-addons forbids addons in this process.', expect.stringContaining('without --no-addons')],
    });
  });

  test('the permission model', () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    expect(copy.load('', { args: [flag, '--allow-fs-read=*'] })).toMatchObject({
      code: 'ERR_ADDONS_FORBIDDEN',
      lines: ["corebuf is a native addon, and Node's permission model forbids addons in this process.", expect.stringContaining('--allow-addons')],
    });
  });
});

describe('COREBUF_BINARY', () => {
  test('that names no file', () => {
    const name = 'The environment variable COREBUF_BINARY must be the path of a binary of corebuf';
    expect(copy.load('', { env: { COREBUF_BINARY: 'not/there.node' } })).toMatchObject({
      code: 'ERR_BINARY_PATH',
      lines: [`${name}; received 'not/there.node', and there is no such file.`, expect.anything()],
    });
  });

  test('that is another addon', () => {
    const addon = readFileSync(require.resolve('@node-rs/crc32-linux-x64-gnu'));
    const path = copy.write('other.node', addon);
    expect(copy.load('', { env: { COREBUF_BINARY: path } })).toMatchObject({ code: 'ERR_BINARY_PATH', lines: [`${path} is an addon, but not corebuf's.`] });
  });

  test('that is empty counts for nothing', () => {
    copy.setBinaries({ [shipped]: binary });
    expect(copy.load('', { env: { COREBUF_BINARY: '' } })).toBeUndefined();
  });
});

describe('runtimes that are refused before they load anything', () => {
  // A folder without a binary: a later check would complain of that.
  beforeAll(() => void copy.setBinaries({}));

  const versions = (entries: string): string => pretend('process', 'versions', `{ ...process.versions, ${entries} }`);

  test.each([
    ['Bun', versions("bun: '1.4.5'"), 'corebuf runs on Node only; this is Bun 1.4.5.'],
    ['Deno', "globalThis.Deno = { version: { deno: '2.9.6' } };", 'corebuf runs on Node only; this is Deno 2.9.6.'],
  ])('%s', (_, before, line) => {
    expect(copy.load(before)).toMatchObject({ code: 'ERR_RUNTIME_UNSUPPORTED', lines: [line, expect.stringContaining('Run the program with Node')] });
  });

  test.each(['18.20.4', '20.16.0'])('Node %s', (version) => {
    expect(copy.load(versions(`node: '${version}'`))).toMatchObject({
      code: 'ERR_NODE_TOO_OLD',
      lines: [`corebuf needs Node 20.17.0 or later; this is Node ${version}.`, 'Install a newer Node.'],
    });
  });

  test('the least Node is the one that package.json names', () => {
    const { engines } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { engines: { node: string } };
    expect(readFileSync(join(__dirname, '../../lib/native/runtime.ts'), 'utf8')).toContain(`NODE_LEAST = '${engines.node.replace('>=', '')}.0'`);
  });
});

describe('a package that a bundler has put into another file', () => {
  // tools/check-pack.mjs does it with other bundlers.
  test.each([
    ['CommonJS', 'cjs', 'require("./dist/index.js");', (program: string) => program],
    ['an ES module', 'esm', 'await import("./dist/index.js");', () => 'an ES module'],
  ] as const)('%s', (_, format, load, place) => {
    const program = join(copy.path, 'bundle', format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
    const contents = `try { ${load} } catch (error) { ${tell} }`;
    buildSync({ stdin: { contents, resolveDir: copy.path }, bundle: true, platform: 'node', format, outfile: program });
    const failure = copy.run(program);
    expect(failure?.code).toBe('ERR_BUNDLED');
    const [first, ...more] = failure!.lines;
    expect(first).toBe(`corebuf was bundled into ${place(program)}, and must stay outside: its binary and its worker's modules are files of its package.`);
    for (const word of ['esbuild', 'webpack', 'rollup', 'ncc', 'single executable']) expect(more.join('\n')).toContain(word);
  });
});
