// Conversions of a chain that the language, Node or a test runner makes by itself, such as JSON.stringify(chain).
import { native } from '../native/binding.js';
import { handleOf } from './chain.js';
import { ReadContent } from './content.js';

/** Most bytes in one piece of an asynchronous iteration. */
const CHUNK = 64 * 1024;

/** Methods of IoBuf that the language, Node and test runners call. Each gives the bytes, or throws. */
export abstract class Convert extends ReadContent {
  /**
   * Copies all bytes into a new Buffer, as toBuffer() does. Buffer.from(chain) calls it. O(bytes).
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * Buffer.from(chain.valueOf()).toString(); // 'onetwo'
   */
  override valueOf(): Buffer {
    return this.toBuffer();
  }

  /**
   * Returns the bytes in the form of Buffer.toJSON(), for JSON.stringify(). O(bytes), with several times their length in JavaScript memory.
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('ab');
   * JSON.stringify(chain); // '{"type":"IoBuf","data":[97,98]}'
   */
  toJSON(): {
    /** Name of the class. */
    type: 'IoBuf';
    /** The bytes, each a number from 0 to 255. */
    data: number[];
  } {
    return { type: 'IoBuf', data: [...this.toBuffer()] };
  }

  /**
   * Iterates over copies of at most 64 KiB of the bytes that are in the chain when the iteration begins, first to last. The iteration holds
   * references of its own until it ends, so the chain may be released meanwhile. `new Response(chain)` and `Readable.from(chain)` call it.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('body');
   * await new Response(chain).text(); // 'body'
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const handle = handleOf(this);
    const own = handle.share(0, handle.length, 'IoBuf', 'its iteration');
    try {
      for (let at = 0; at < own.length; at += CHUNK) {
        const copy = Buffer.allocUnsafeSlow(Math.min(own.length - at, CHUNK));
        native.copyOut(own.slot('IoBuf'), at, copy);
        yield copy;
      }
    } finally {
      own.release();
    }
  }

  /**
   * Text with the length and the XXH64 checksum of the bytes. assert.deepStrictEqual() compares this text, and so the bytes; all other fields
   * are private. O(bytes).
   *
   * @example
   * using chain = IoBuf.from('abc');
   * Object.prototype.toString.call(chain); // '[object IoBuf: 3 bytes, xxhash64 44bc2cf5ad770999]'
   */
  get [Symbol.toStringTag](): string {
    const { released, length } = handleOf(this);
    return released ? 'IoBuf: released' : `IoBuf: ${length} bytes, xxhash64 ${this.xxhash64().toString(16)}`;
  }
}
