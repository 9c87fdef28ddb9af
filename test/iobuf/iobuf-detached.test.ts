// Arrays whose memory has gone: transferred away, or shrunk. None of them is an empty array.
import { IoBuf } from 'corebuf';
import { expectTypeError } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

type Kind = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

function detached(make: (buffer: ArrayBuffer) => unknown): unknown {
  const buffer = new ArrayBuffer(16);
  const made = make(buffer);
  structuredClone(undefined, { transfer: [buffer] });
  return made;
}

/** A view behind the end of a buffer that has been resized. */
function shrunk(type: Kind): unknown {
  const buffer = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer & { resize(length: number): void })(16, { maxByteLength: 16 });
  const view = new type(buffer, 8, 1);
  buffer.resize(4);
  return view;
}

const gone: [string, () => unknown][] = [
  ['a detached Uint8Array', () => detached((buffer) => new Uint8Array(buffer))],
  ['a detached Buffer', () => detached((buffer) => Buffer.from(buffer, 2, 4))],
  ['a detached Uint32Array', () => detached((buffer) => new Uint32Array(buffer))],
  ['a detached DataView', () => detached((buffer) => new DataView(buffer))],
  ['a detached ArrayBuffer', () => detached((buffer) => buffer)],
  ['a Uint8Array behind the end of its buffer', () => shrunk(Uint8Array)],
  ['a Uint32Array behind the end of its buffer', () => shrunk(Uint32Array)],
  ['a DataView behind the end of its buffer', () => shrunk(DataView)],
];

describe.each(gone)('%s', (_, make) => {
  const array = make() as Uint8Array;

  test('is refused by every verb that reads bytes, and changes nothing', () => {
    using chain = IoBuf.from('abc');
    const uses: (() => unknown)[] = [
      () => IoBuf.from(array),
      () => chain.append(array),
      () => chain.prepend(array),
      () => chain.equals(array),
      () => chain.compare(array),
      () => chain.indexOf(array),
      () => chain.includes(array),
      () => chain.startsWith(array),
      () => chain.endsWith(array),
      () => chain.copyTo(array),
      () => chain.reserve(4).write(array),
      () => IoBuf.wrap(array),
    ];
    for (const use of uses) expectTypeError(use);
    expect(chain.toString('latin1', 0, 3)).toBe('abc');
  });

  test('is refused by verbs that work in slices, and as a piece of a source', async () => {
    using chain = IoBuf.from('abc');
    const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    await expect(chain.equalsAsync(array)).rejects.toMatchObject(refused);
    await expect(IoBuf.collect([array])).rejects.toMatchObject(refused);
  });
});

test('arrays that are empty are no error', async () => {
  using chain = IoBuf.from('abc');
  for (const empty of [new Uint8Array(0), Buffer.alloc(0), new Uint32Array(0), new DataView(new ArrayBuffer(0)), new ArrayBuffer(0), new SharedArrayBuffer(0)]) {
    chain.append(empty).prepend(empty);
    expect([chain.equals(empty), chain.startsWith(new Uint8Array(empty as ArrayBuffer))]).toEqual([false, true]);
  }
  expect(chain.toString()).toBe('abc');
});
