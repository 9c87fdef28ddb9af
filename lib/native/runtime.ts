// The first module of the package that runs. It refuses the runtimes and the bundles in which the others would fail or crash. It imports
// nothing of Node, because a bundle may lack `require`, and an old Node may lack what the other modules need.
import { LoadError } from './load-error.js';

/** As package.json says under `engines`; a test compares them. */
const NODE_LEAST = '20.17.0';

interface Globals {
  readonly process?: { readonly versions?: Readonly<Record<string, string | undefined>> };
  readonly Bun?: unknown;
  readonly Deno?: { readonly version?: { readonly deno?: string } };
}

checkRuntime(globalThis);
checkBundle();

function checkRuntime({ process, Bun, Deno }: Globals): void {
  const versions = process?.versions ?? {};
  // Both end the process: Deno when it loads a binary that names a function of libuv that it lacks, Bun when the binary calls it.
  if (Bun !== undefined || versions.bun !== undefined) throw unsupported('Bun', versions.bun, 'uv_metrics_idle_time');
  if (Deno !== undefined) throw unsupported('Deno', Deno.version?.deno, 'uv_prepare_init');
  const version = versions.node ?? '0.0.0';
  if (isOlder(version, NODE_LEAST)) {
    throw new LoadError('ERR_NODE_TOO_OLD', [
      `corebuf needs Node ${NODE_LEAST} or later; this is Node ${version}.`,
      'Install a newer Node.',
    ]);
  }
}

function unsupported(runtime: string, version = '', missing: string): LoadError {
  return new LoadError('ERR_RUNTIME_UNSUPPORTED', [
    `corebuf runs on Node only; this is ${`${runtime} ${version}`.trim()}.`,
    `It calls functions of libuv that ${runtime} lacks, such as ${missing}, and the call would end the process. Run the program with Node.`,
  ]);
}

function isOlder(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** Throws when a user's bundler has put the code of the package into another file: then `__filename` is another name, or is not defined. */
function checkBundle(): void {
  const file = typeof __filename === 'string' ? __filename : 'an ES module';
  if (/[\\/]dist[\\/]core\.js$/.test(file)) return;
  throw new LoadError('ERR_BUNDLED', [
    `corebuf was bundled into ${file}, and must stay outside: its binary and its worker's modules are files of its package.`,
    "Mark it as external, and install it where the bundle runs. esbuild: external: ['corebuf'], or --external:corebuf.",
    "webpack: externals: { corebuf: 'commonjs corebuf' }. rollup: external: ['corebuf']. ncc: --external corebuf.",
    "A single executable application: require('node:module').createRequire(process.execPath)('corebuf').",
  ]);
}
