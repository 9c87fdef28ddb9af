// The part of a stack that lies in code of the user, not in this package.
import { codeFolder } from './code-folder.js';

/** Returns the stack of the present call into this package, innermost line first, without lines of the package. Costs microseconds. */
export function callerStack(): string {
  const lines = String(new Error('call').stack ?? '').split('\n').slice(1);
  const first = lines.findIndex((line) => !line.includes(codeFolder));
  return lines.slice(Math.max(first, 0)).join('\n');
}
