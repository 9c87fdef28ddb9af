'use strict';
// Runs the files that take longest first: with two workers, one that is left for the end would run while the other worker has nothing to do.
const Sequencer = require('@jest/test-sequencer').default;

/** The longest first; all take more than a quarter of a minute. Their order is measured, and needs no care: a wrong one only costs time. */
const SLOW = [
  'process/shards-by-hundreds', 'io/file-systems', 'group/deaths', 'whole/bench', 'log/segment-crash', 'process/exits', 'rpc/call-values', 'rpc/call-queues', 'process/jest',
  'whole/sharded-log', 'buffer/memory-checked', 'whole/durable-log', 'process/garbage', 'iobuf/iobuf-model', 'clients/crash', 'stream/write-to.',
  'shard/memory-pressure', 'bounds/unfinished', 'whole/guides', 'group/listen.',
];

module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
};

function rankOf({ path }) {
  const at = SLOW.findIndex((part) => path.includes(part));
  return at < 0 ? SLOW.length : at;
}
