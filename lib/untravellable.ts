// What cannot travel between shards, and what to do instead.
import { types } from 'node:util';

const TRAVELLERS = 'IoBuf, DmaBuffer, Uint8Array, Date, Error, primitives, arrays and plain objects of these';

/** `place` is where it stands: arguments[0].list[2]. Runs no code of the value's that could throw past it. */
export function untravellable(place: string, value: unknown, advice?: string): TypeError {
  const { what, instead } = described(value);
  const hint = advice ?? instead;
  const message = `${place} must be a value that can travel between shards (${TRAVELLERS}); received ${what}${hint === '' ? '' : `: ${hint}`}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

interface Description {
  readonly what: string;
  readonly instead: string;
}

function described(value: unknown): Description {
  if (typeof value === 'symbol') return { what: 'a symbol', instead: '' };
  if (typeof value === 'function') return { what: 'a function', instead: 'only data travels; what is to run there is a served method' };
  if (typeof value !== 'object' || value === null) return { what: `type ${typeof value}`, instead: '' };
  if (types.isProxy(value)) return { what: 'a Proxy', instead: 'pass what it stands for' };
  if (types.isMap(value)) return { what: 'a Map', instead: 'pass [...map]' };
  if (types.isSet(value)) return { what: 'a Set', instead: 'pass [...set]' };
  if (ArrayBuffer.isView(value)) {
    return { what: `an instance of ${nameOf(value)}`, instead: 'pass its bytes, new Uint8Array(view.buffer, view.byteOffset, view.byteLength)' };
  }
  if (types.isAnyArrayBuffer(value)) return { what: 'an ArrayBuffer', instead: 'pass a Uint8Array of it' };
  if (types.isPromise(value) || has(value, 'then')) return { what: 'a promise', instead: 'await it first' };
  if (has(value, Symbol.asyncIterator) || has(value, Symbol.iterator)) {
    const what = types.isGeneratorObject(value) ? 'a generator' : `an instance of ${nameOf(value)}, which gives its items one by one`;
    return { what, instead: 'collect them first (IoBuf.collect for bytes, an array for values), or make a call for each' };
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return { what: 'an object with symbols for keys', instead: 'only strings travel as keys' };
  return { what: `an instance of ${nameOf(value)}`, instead: 'pass a plain object with what it holds' };
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
