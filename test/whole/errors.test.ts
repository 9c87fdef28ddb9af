import { CorebufError, DmaBuffer, DmaFile, IoBuf } from 'corebuf';
import { thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

function released(): CorebufError {
  const gone = IoBuf.from('gone');
  gone.release();
  return thrownBy(() => gone.toBuffer()) as CorebufError;
}

test('an error of this package is told by its class and its code', () => {
  const error = released();
  expect(error).toBeInstanceOf(CorebufError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'CorebufError', code: 'ERR_RELEASED', message: expect.stringMatching(/^this IoBuf has been released/) as string });
  // Node sends errors from thread to thread with their properties only when they have this name.
  expect(Object.prototype.toString.call(error)).toBe('[object Error]');
});

test('its stack begins where it was thrown', () => {
  expect(released().stack).toMatch(/^(CorebufError|Error): this IoBuf has been released, .*\n/);
  expect(released().stack).toContain('errors.test.ts');
});

test('it has no property that does not belong to its code', () => {
  expect(Object.keys(released())).toEqual(['code']);
});

test('it keeps its cause', () => {
  const cause = new Error('why');
  expect(new CorebufError('ERR_IO', 'so', { cause }).cause).toBe(cause);
  expect('cause' in new CorebufError('ERR_IO', 'so')).toBe(false);
});

test.each<[string, () => unknown, RegExp]>([
  ['what was given', () => IoBuf.from(new Map() as never), /^data must be .*; received an instance of Map$/],
  ['null', () => DmaBuffer.alloc(null as never), /^length must be a number; received null$/],
  ['a function by its name', () => new IoBuf().take(parseInt as never), /received function parseInt$/],
  ['the range', () => DmaBuffer.alloc(0), /^length must be a whole number from 1 to \d+; received 0$/],
  ['an object without prototype', () => IoBuf.from(Object.create(null) as never), /received an instance of Object$/],
  ['a symbol', () => DmaBuffer.alloc(Symbol('s') as never), /received type symbol \(Symbol\(s\)\)$/],
  ['the bytes that are there', () => { using chain = IoBuf.from('abc'); chain.takeFront(4); }, /^takeFront: length must be at most 3, the number of bytes that are there; received 4$/],
  ['an encoding', () => IoBuf.from('abc', 'utf9' as never), /^encoding must be one that Buffer knows, such as 'utf8'; received type string \('utf9'\)$/],
  ['the options that exist', () => { using chain = new IoBuf(); using source = new IoBuf(); chain.take(source, { copyBelow: 1, copybelow: 2 } as never); }, /^options must have no property but copyBelow; received "copybelow"$/],
])('a message about an argument names %s', (_, run, message) => {
  expect((thrownBy(run) as Error).message).toMatch(message);
});

test('methods that answer promises reject and do not throw', async () => {
  const opening = DmaFile.open(undefined as never);
  await expect(opening).rejects.toMatchObject({ name: 'TypeError', message: 'path must be a string, a Buffer or a file URL; received type undefined (undefined)' });
});
