// Codes of errors that are no CorebufError, in the form of Node's own errors.

/** Adds `code`, and further properties, to an error. */
export function withCode<T extends Error, D extends object>(error: T, code: string, details?: D): T & { code: string } & D {
  return Object.assign(error, { code }, details);
}
