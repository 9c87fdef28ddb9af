// attach() in a thread that has no shard yet: mistakes leave it without one.
import assert from 'node:assert/strict';
import { attach, capabilities, thisShard } from 'corebuf';

const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

for (const options of [null, 'big', 7]) assert.throws(() => attach(options as never), type);
for (const memory of [0, -1, NaN, Infinity, '', '12 parsecs', '1', 'MiB']) assert.throws(() => attach({ memory }), range, String(memory));
for (const memory of [true, {}, 1n]) assert.throws(() => attach({ memory: memory as never }), type);
for (const cpu of [-1, 1.5, 1024]) assert.throws(() => attach({ cpu }), range);
assert.throws(() => attach({ cpu: 'some' as never }), range);
assert.throws(() => attach({ cpu: true as never }), type);
for (const spin of [-1, 0.5, 1e9]) assert.throws(() => attach({ spin }), range);
for (const stallThreshold of [-1, 0.5, 1e9]) assert.throws(() => attach({ stallThreshold }), range);

assert.equal(attach({ memory: '1.5 GiB', cpu: 'auto', spin: 10, stallThreshold: 0 }), thisShard);
assert.equal(thisShard.memory.budget, 1.5 * 2 ** 30);
assert.equal(typeof thisShard.cpu, capabilities().pinning ? 'number' : 'undefined');
assert.throws(() => attach({ spin: 1 }), { code: 'ERR_CLOSED' });
assert.equal(attach(), thisShard);
