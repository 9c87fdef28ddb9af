/* global test */
// The next file in the same process: its copy finds the binary loaded already.
const { load, work } = require('./work.cjs');

test('the copy of the next file has a shard of its own', () => work(load(), 128, 50));
