// As many I/O classes as there may be, and one more, before the thread is attached. For test/io-class.test.ts.
import { strict as assert } from 'node:assert';
import { attach, ioClass, stats } from 'corebuf';

const first = ioClass('first', { shares: 1 });
for (let number = 2; number < 16; number++) ioClass(`number ${number}`);
assert.throws(() => ioClass('one too many'), RangeError);
assert.equal(ioClass('first'), first);
attach({ memory: '64MiB' });
assert.deepEqual(stats().io.classes.map(({ shares }) => shares), [100, 1, ...new Array<number>(14).fill(100)]);
