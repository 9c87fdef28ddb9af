// Where the JavaScript of this package lies. The package is one module (tools/bundle.mjs), so that is the folder of them all.

/** Lines of a stack that name this folder are about the package, not about the program that uses it. */
export const codeFolder = __dirname;
