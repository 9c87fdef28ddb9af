/* global __dirname */
// Run by test/process/jest.test.ts, as a project that uses the package would be.
module.exports = { rootDir: __dirname, testMatch: ['**/*.spec.cjs'], transform: {}, moduleFileExtensions: ['cjs', 'mjs', 'js', 'node', 'json'], testTimeout: 60_000 };
