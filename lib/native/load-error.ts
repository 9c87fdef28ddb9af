// The error of a package that cannot load its binary. It stands alone, without an import: it is thrown where nothing else of this package
// can be loaded, and so a program that catches it cannot have its class.

/** Codes of LoadError; docs/errors.md says what each means. */
export type LoadErrorCode =
  | 'ERR_ADDONS_FORBIDDEN'
  | 'ERR_BINARY_INVALID'
  | 'ERR_BINARY_PATH'
  | 'ERR_BUNDLED'
  | 'ERR_NODE_TOO_OLD'
  | 'ERR_NO_BINARY'
  | 'ERR_RUNTIME_UNSUPPORTED';

/**
 * The error with which `import 'corebuf'` and `require('corebuf')` fail. Only its type is exported: branch on `code`.
 */
export class LoadError extends Error {
  /** Code of the error: stable, and what programs branch on. */
  readonly code: LoadErrorCode;

  /** @internal The first line of a message says what is wrong, the others what to do. */
  constructor(code: LoadErrorCode, lines: readonly string[], cause?: unknown) {
    super(lines.join('\n'), cause === undefined ? undefined : { cause });
    this.code = code;
  }

  static {
    this.prototype.name = 'LoadError';
  }
}
