// Errors for values that cannot travel between shards, with advice on what to pass instead.
import { types } from 'node:util';
import { typeError } from '../base/arguments.js';

const SERIALIZABLE = 'IoBuf, DmaBuffer, Uint8Array, Date, Error, primitives, arrays and plain objects of these';

/** `place` is where the value stands, such as arguments[0].list[2]. No code of the value's can throw past this function. */
export function unserializable(place: string, value: unknown, advice?: string): TypeError {
  const { what, instead } = described(value);
  const hint = advice ?? instead;
  return typeError(`${place} must be a value that can travel between shards (${SERIALIZABLE}); received ${what}${hint === '' ? '' : `: ${hint}`}`);
}

interface Description {
  readonly what: string;
  readonly instead: string;
}

function described(value: unknown): Description {
  if (typeof value === 'symbol') return { what: 'a symbol', instead: '' };
  if (typeof value === 'function') return { what: 'a function', instead: 'serve a method on the other shard and call that' };
  if (typeof value !== 'object' || value === null) return { what: `type ${typeof value}`, instead: '' };
  if (types.isProxy(value)) return { what: 'a Proxy', instead: 'pass its target' };
  if (types.isMap(value)) return { what: 'a Map', instead: 'pass [...map]' };
  if (types.isSet(value)) return { what: 'a Set', instead: 'pass [...set]' };
  if (ArrayBuffer.isView(value)) {
    return { what: `an instance of ${nameOf(value)}`, instead: 'pass its bytes, new Uint8Array(view.buffer, view.byteOffset, view.byteLength)' };
  }
  if (types.isAnyArrayBuffer(value)) return { what: 'an ArrayBuffer', instead: 'pass a Uint8Array of it' };
  if (types.isPromise(value) || has(value, 'then')) return { what: 'a promise', instead: 'await it first' };
  if (has(value, Symbol.asyncIterator) || has(value, Symbol.iterator)) {
    const what = types.isGeneratorObject(value) ? 'a generator' : `an instance of ${nameOf(value)}, which gives its items one by one`;
    return { what, instead: 'collect them first (IoBuf.collect for bytes, an array for values), make a call for each, or serve an async generator as a method' };
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return { what: 'an object with symbols for keys', instead: 'only strings travel as keys' };
  return { what: `an instance of ${nameOf(value)}`, instead: 'pass a plain object with its data' };
}

function nameOf(value: object): string {
  try {
    const name = (value.constructor as { name?: unknown } | undefined)?.name;
    return typeof name === 'string' && name !== '' ? name : 'a class';
  } catch {
    return 'a class';
  }
}

function has(value: object, method: string | symbol): boolean {
  try {
    return typeof (value as Record<string | symbol, unknown>)[method] === 'function';
  } catch {
    return false;
  }
}
