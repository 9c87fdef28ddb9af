// Errors for values that cannot travel between shards, with advice on what to pass instead.
import { EventEmitter } from 'node:events';
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
  const ofPackage = describedByItself(value);
  if (ofPackage !== undefined) return ofPackage;
  if (ArrayBuffer.isView(value)) {
    return { what: `an instance of ${nameOf(value)}`, instead: 'pass its bytes, new Uint8Array(view.buffer, view.byteOffset, view.byteLength)' };
  }
  if (types.isAnyArrayBuffer(value)) return { what: 'an ArrayBuffer', instead: 'pass a Uint8Array of it' };
  if (types.isPromise(value) || has(value, 'then')) return { what: 'a promise', instead: 'await it first' };
  if (has(value, Symbol.asyncIterator) || has(value, Symbol.iterator)) {
    const what = types.isGeneratorObject(value) ? 'a generator' : `an instance of ${nameOf(value)}, which gives its items one by one`;
    return { what, instead: 'collect them first (IoBuf.collect for bytes, an array for values), make a call for each, or serve an async generator as a method' };
  }
  if (isEmitter(value)) return { what: `an instance of ${nameOf(value)}`, instead: 'it belongs to this thread; serve a method here that uses it' };
  if (Object.getOwnPropertySymbols(value).length > 0) return { what: 'an object with symbols for keys', instead: 'only strings travel as keys' };
  return { what: `an instance of ${nameOf(value)}`, instead: 'pass a plain object with its data' };
}

/** Objects of this package that cannot travel say what to do (base/uncloneable.ts), as in 'Connection: call connection.moveTo(index)'. */
function describedByItself(value: object): Description | undefined {
  try {
    const { uncloneable } = value as { uncloneable?: unknown };
    const text = typeof uncloneable === 'symbol' ? uncloneable.description : undefined;
    const colon = text?.indexOf(': ') ?? -1;
    return colon < 0 ? undefined : { what: `an instance of ${text!.slice(0, colon)}`, instead: text!.slice(colon + 2) };
  } catch {
    return undefined;
  }
}

/** A prototype may be a Proxy, which may throw. */
function isEmitter(value: object): boolean {
  try {
    return value instanceof EventEmitter;
  } catch {
    return false;
  }
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
