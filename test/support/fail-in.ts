// The core's hook for tests: the n-th allocation of this thread's shard from now on fails, and so do all after it; 0 ends that.
import { join } from 'node:path';

interface Hook {
  failIn(allocations: number): number;
}

const root = join(__dirname, __filename.endsWith('.ts') ? '../..' : '../../..');
// The instance that belongs to the package that the test has loaded.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { native: hook } = require(join(root, 'dist/core.js')) as { native: Hook };

export function failIn(allocations: number): void {
  hook.failIn(allocations);
}
