// prepend, coalesce, take with copyBelow, text straight into slack, and what every verb does once the chain is released.
import { Writable } from 'node:stream';
import { DmaBuffer, DmaFile, IoBuf, stats, thisShard } from 'corebuf';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { chainOf, copied, fragmentsOf } from '../support/chains';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;

function bytesOfLength(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 131) >> 3));
}

describe('prepend', () => {
  test.each([
    ['a string', 'head', undefined],
    ['a Buffer', Buffer.from('head'), undefined],
    ['an ArrayBuffer', Uint8Array.from(Buffer.from('head')).buffer, undefined],
    ['a DataView', new DataView(Uint8Array.from(Buffer.from('-head')).buffer, 1), undefined],
    ['text in another encoding', '68656164', 'hex' as const],
  ])('copies %s in front', (_, data, encoding) => {
    for (const body of ['', 'body', 'b'.repeat(5000)]) {
      using chain = IoBuf.from(body);
      expect(chain.prepend(data, encoding)).toBe(chain);
      expect(chain.toString()).toBe(`head${body}`);
    }
  });

  test('copies a chain in front, which stays as it is, and may be the chain itself', () => {
    using source = chainOf('one', 'two');
    using chain = IoBuf.from('!').prepend(source);
    expect(chain.toString()).toBe('onetwo!');
    expect(source.toString()).toBe('onetwo');
    chain.prepend(chain).prepend(chain);
    expect(chain.toString()).toBe('onetwo!'.repeat(4));
    using large = IoBuf.from(bytesOfLength(300_000));
    chain.prepend(large);
    expect(chain.toBuffer(0, 300_000).equals(bytesOfLength(300_000))).toBe(true);
    expect(chain.toString('latin1', 300_000)).toBe('onetwo!'.repeat(4));
  });

  test('of small pieces fills fragments from the end to the beginning', () => {
    using chain = IoBuf.from('.');
    let text = '.';
    for (let number = 0; number < 2000; number++) {
      chain.prepend(`${number},`);
      text = `${number},${text}`;
    }
    expect(chain.toString()).toBe(text);
    expect(chain.fragmentCount).toBeLessThan(10);
  });

  test('of more than a fragment holds', () => {
    const bytes = bytesOfLength(400_000);
    using chain = IoBuf.from('end').prepend(bytes).prepend('start');
    expect(chain.toBuffer().equals(Buffer.concat([Buffer.from('start'), bytes, Buffer.from('end')]))).toBe(true);
  });

  test('leaves the end as it was: appends go on in the slack', () => {
    using chain = IoBuf.from('body').prepend('head').append('tail');
    expect(fragmentsOf(chain)).toEqual(['head', 'bodytail']);
    using fresh = new IoBuf().prepend('b').append('c').prepend('a');
    expect(fresh.toString()).toBe('abc');
  });

  test('uses the room that trimming has left, when nobody else refers to it', () => {
    using chain = IoBuf.from('oldhead:body').trimFront(8).prepend('new:');
    expect(fragmentsOf(chain)).toEqual(['new:body']);
    using blocks = DmaBuffer.alloc(4096, { zero: true });
    using other = new IoBuf().take(blocks.share()).trimFront(100).prepend('new');
    expect(other.fragmentCount).toBe(2);
    expect(blocks.bytes.equals(Buffer.alloc(4096))).toBe(true);
  });

  test('is never seen by a share, nor by what was taken from the front', () => {
    using chain = IoBuf.from('body').prepend('x');
    using share = chain.share();
    chain.prepend('y');
    share.prepend('z');
    using front = chain.takeFront(2);
    chain.prepend('Y');
    front.append('Z');
    chain.prepend('Y');
    expect([chain, share, front].map(String)).toEqual(['YYbody', 'zxbody', 'yxZ']);
  });

  test('does not touch a chain that a file is being written from', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { direct: 'off' });
    using block = DmaBuffer.alloc(8192, { zero: true });
    using chain = new IoBuf().take(block).trimFront(4096);
    const written = file.write(0, chain);
    chain.prepend('must not be written into the block');
    expect(chain.fragmentCount).toBe(2);
    await written;
  });

  test('moves positions, also a reader’s', () => {
    using chain = IoBuf.from('0123456789');
    const reader = chain.reader().skip(4);
    expect(reader.readUInt8()).toBe(0x34);
    chain.prepend('abc');
    expect(reader.readUInt8()).toBe(0x32);
  });

  test('counts its bytes in the ledger once', () => {
    using chain = IoBuf.from('body');
    const before = copied()['append']!;
    chain.prepend('1234').prepend(Buffer.alloc(100_000));
    expect(copied()['append']! - before).toBe(100_004);
  });

  test('of nothing changes nothing, and refuses what is no bytes', () => {
    using chain = new IoBuf().prepend('').prepend(Buffer.alloc(0)).prepend(new IoBuf());
    expect([chain.length, chain.fragmentCount]).toEqual([0, 0]);
    for (const wrong of [undefined, null, 5, {}, [1], Symbol('s')]) expectTypeError(() => chain.prepend(wrong as never));
    expect(thrownBy(() => chain.prepend('x', 'klingon' as never))).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
  });
});

describe('coalesce', () => {
  test('makes one fragment of many, and shows it', () => {
    using chain = chainOf('one', 'two', 'x'.repeat(3000));
    const text = chain.toString();
    expect(chain.coalesce().toString()).toBe(text);
    expect(chain.fragmentCount).toBe(1);
    expect(chain.append('!').toString()).toBe(`${text}!`);
  });

  testOfZeroCopy('gives a view, not a copy, and moves nothing when there is one fragment', () => {
    using chain = chainOf('ab', 'cd');
    const view = chain.coalesce();
    const before = copied();
    chain.coalesce().write('AB');
    expect(copied()).toEqual(before);
    expect(view.toString()).toBe('ABcd');
    expect(chain.toString()).toBe('ABcd');
  });

  test('of nothing is an empty Buffer', () => {
    using chain = new IoBuf();
    expect(chain.coalesce()).toEqual(Buffer.alloc(0));
  });

  test('may need a large piece, and counts it then', () => {
    using chain = IoBuf.from(bytesOfLength(128 * KiB));
    const before = thisShard.memory.stats().largeRequests;
    chain.append('!');
    expect(thisShard.memory.stats().largeRequests).toBe(before);
    expect(chain.coalesce().subarray(0, -1).equals(bytesOfLength(128 * KiB))).toBe(true);
    expect(thisShard.memory.stats().largeRequests).toBe(before + 1);
  });

  test('of more than a window shows it all', () => {
    const part = Buffer.alloc(100_000, 'p');
    using chain = new IoBuf();
    for (let count = 0; count < 40; count++) chain.append(part);
    expect(chain.coalesce().equals(Buffer.alloc(4_000_000, 'p'))).toBe(true);
    expect(fragmentsOf(chain)).toHaveLength(1);
  });

  test('leaves shares as they are', () => {
    using chain = chainOf('ab', 'cd', 'ef');
    using share = chain.share(1, 5);
    chain.coalesce();
    expect(fragmentsOf(share)).toEqual(['b', 'cd', 'e']);
  });

  test('leaves readers where they were, and they read the new fragment', () => {
    using chain = chainOf('ab', 'cd', 'ef');
    const reader = chain.reader().skip(1);
    expect(reader.readUInt8()).toBe(0x62);
    chain.coalesce();
    // In the place of the old ones.
    const others = Array.from({ length: 8 }, () => IoBuf.from(Buffer.alloc(512, 'x')));
    expect(reader.readUInt8()).toBe(0x63);
    for (const other of others) other.release();
  });
});

describe('take with copyBelow', () => {
  test('copies what is smaller into the slack, and links the rest', () => {
    using chain = IoBuf.from('a');
    const small = IoBuf.from('bcd');
    const large = IoBuf.from('efgh');
    const block = DmaBuffer.alloc(3);
    block.bytes.write('ijk');
    chain.take(small, { copyBelow: 4 }).take(large, { copyBelow: 4 }).take(block, { copyBelow: 4 });
    expect(fragmentsOf(chain)).toEqual(['abcd', 'efghijk']);
    expect([small, large, block].map(({ released }) => released)).toEqual([true, true, true]);
  });

  test('links everything by default', () => {
    using chain = IoBuf.from('a').take(IoBuf.from('b')).take(IoBuf.from('c'), {});
    expect(fragmentsOf(chain)).toEqual(['a', 'b', 'c']);
  });

  test('takes nothing from an empty source, but its life', () => {
    const nothing = new IoBuf();
    using chain = IoBuf.from('a').take(nothing, { copyBelow: 10 });
    expect([chain.toString(), nothing.released]).toEqual(['a', true]);
  });

  test('refuses the chain itself and wrong options, and then leaves both', () => {
    using chain = IoBuf.from('a');
    using source = IoBuf.from('b');
    expectRangeError(() => chain.take(chain, { copyBelow: 10 }));
    for (const copyBelow of [-1, 0.5, NaN]) expectRangeError(() => chain.take(source, { copyBelow }));
    for (const options of [null, 5, { copyBelow: '1' }, { copyBelow: null }]) expectTypeError(() => chain.take(source, options as never));
    expect([chain, source].map(String)).toEqual(['a', 'b']);
  });

  test('looks at its options before anything else: a getter may do what it likes', () => {
    using chain = IoBuf.from('a');
    const source = IoBuf.from('b');
    const options = {
      get copyBelow() {
        source.release();
        return 10;
      },
    };
    expectCode(() => chain.take(source, options), 'ERR_RELEASED');
    expect(chain.toString()).toBe('a');
  });
});

describe('text', () => {
  const texts = ['', 'a', 'GET / HTTP/1.1\r\n', 'é'.repeat(50), '€', '\u{1f600}', 'lone \ud800 surrogate', 'x'.repeat(200), 'ÿ', 'aGk=', '00ff1'];
  const encodings = ['utf8', 'latin1', 'ascii', 'binary', 'utf16le', 'ucs2', 'hex', 'base64', 'base64url', undefined] as const;

  test.each(encodings)('in %s is what Buffer makes of it, at every distance from the end of a fragment', (encoding) => {
    for (const text of texts) {
      const expected = Buffer.from(text, encoding);
      for (let remainder = 0; remainder <= 700; remainder += remainder < 20 ? 1 : 37) {
        using chain = IoBuf.from(Buffer.alloc(768 - Math.min(remainder, 255)));
        const start = chain.length;
        const bytes = chain.append(text, encoding).toBuffer(start);
        if (!bytes.equals(expected)) expect([text, remainder, bytes]).toEqual([text, remainder, expected]);
      }
    }
  });

  test('counts as many bytes in the ledger as it has', () => {
    using chain = IoBuf.from('a');
    const before = copied()['append']!;
    chain.append('€uro');
    expect(copied()['append']! - before).toBe(6);
  });
});

test('append is not fooled by bytes that lie about their length', () => {
  using chain = IoBuf.from('a');
  using other = IoBuf.from('neighbour');
  class Liar extends Uint8Array {
    override get length(): number {
      return 1;
    }
  }
  chain.append(new Liar(3000).fill(0x21)).prepend(new Liar(3000).fill(0x21));
  expect(chain.toString()).toBe(`${'!'.repeat(3000)}a${'!'.repeat(3000)}`);
  expect(other.toString()).toBe('neighbour');
  const fake = Object.create(Uint8Array.prototype, { length: { value: 10 } }) as Uint8Array;
  for (const use of [() => chain.append(fake), () => chain.prepend(fake), () => IoBuf.from(fake)]) {
    expect(thrownBy(use)).toMatchObject({ name: 'TypeError' });
  }
  expect(chain.length).toBe(6001);
});

test('a chain that begins with append has room for as much again; from() takes what it needs', () => {
  using grown = new IoBuf().append(Buffer.alloc(1000)).append(Buffer.alloc(1000));
  expect(grown.fragmentCount).toBe(1);
  const before = stats().memory.used;
  using exact = IoBuf.from(Buffer.alloc(1200));
  expect(stats().memory.used - before).toBeLessThan(1500);
  expect(exact.length).toBe(1200);
});

describe('once the chain is released', () => {
  /** Arguments that would be right. A method that is missing here has no place in IoBuf. */
  const uses: Record<string, unknown[]> = {
    adopt: [],
    append: ['x'],
    appendUVarint: [1],
    appendUVarlong: [1n],
    appendVarint: [1],
    appendVarlong: [1n],
    at: [0],
    clear: [],
    clearAsync: [],
    coalesce: [],
    compare: [Buffer.alloc(1)],
    copy: [],
    copyAsync: [],
    copyTo: [Buffer.alloc(1)],
    crc32c: [],
    crc32cAsync: [],
    endsWith: ['x'],
    equals: [Buffer.alloc(1)],
    equalsAsync: [Buffer.alloc(1)],
    hexdump: [],
    includes: ['x'],
    indexOf: ['x'],
    prepend: ['x'],
    readable: [],
    reader: [],
    prependBigUInt64BE: [1n],
    prependBigUInt64LE: [1n],
    prependUInt16BE: [1],
    prependUInt16LE: [1],
    prependUInt32BE: [1],
    prependUInt32LE: [1],
    prependUInt8: [1],
    prependUVarint: [1],
    reserve: [1],
    share: [],
    startsWith: ['x'],
    take: [new IoBuf()],
    takeFront: [0],
    toBuffer: [],
    toJSON: [],
    toString: [],
    toWeb: [],
    trimBack: [0],
    trimFront: [0],
    wrap: [new Uint8Array(1)],
    writeTo: [new Writable()],
    valueOf: [],
    xxhash64: [],
    xxhash64Async: [],
  };
  /** `home` is no method; its own test releases the chain. */
  const others = ['constructor', 'release', 'length', 'fragmentCount', 'released', 'home'];

  function argumentsOf(name: string): unknown[] | undefined {
    if (/^appendBig/.test(name)) return [1n];
    if (/^append(U?[Ii]nt|Float|Double)/.test(name)) return /[tT][LB]E$/.test(name) && !/Float/.test(name) ? [1, 4] : [1];
    return Object.hasOwn(uses, name) ? uses[name] : undefined;
  }

  function methodsOf(prototype: object): string[] {
    const above = Object.getPrototypeOf(prototype) as object;
    const own = Object.getOwnPropertyNames(prototype);
    return above === Object.prototype ? own : [...own, ...methodsOf(above)];
  }

  const methods = [...new Set(methodsOf(IoBuf.prototype))].filter((name) => !others.includes(name)).sort();

  test('the table below is of all methods', () => {
    expect(methods.filter((name) => argumentsOf(name) === undefined)).toEqual([]);
    expect(Object.keys(uses).filter((name) => !methods.includes(name))).toEqual([]);
    expect(methods.length).toBeGreaterThan(45);
  });

  test.each(methods)('%s() throws ERR_RELEASED', async (name) => {
    const gone = IoBuf.from('abc');
    gone.release();
    const method = (gone as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;
    const outcome = (async () => method.apply(gone, argumentsOf(name)!))();
    await expect(outcome).rejects.toEqual(corebufError('ERR_RELEASED'));
  });

  test('iterating throws ERR_RELEASED, and so do verbs that are given it', () => {
    const gone = IoBuf.from('abc');
    gone.release();
    using chain = IoBuf.from('kept');
    for (const use of [() => [...gone], () => chain.append(gone), () => chain.prepend(gone), () => chain.take(gone), () => chain.take(gone, { copyBelow: 9 })]) {
      expectCode(use, 'ERR_RELEASED');
    }
    expect(chain.toString()).toBe('kept');
  });
});
