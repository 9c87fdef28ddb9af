// Everything that users import, from all entries of the package, so that the reference is one list of names.
export * from '../../lib/index.js';
export * from '../../lib/inspector.js';
