// Codecs of whole messages, made from layouts: one for each message and version, when it is first needed.
import { IoBuf } from 'corebuf';
import { fieldsOf } from './layout.js';
import type { Field, Layout } from './layout.js';
import {
  bytesCodec, compactLengths, fixed, lengths16, lengths32, MalformedError, readLength, recordsCodec, stringCodec,
} from './primitives.js';
import type { Codec, Lengths, Source } from './primitives.js';

type Struct = Record<string, unknown>;

/** Elements of all arrays of one message together, at most. */
export const ITEMS_MAX = 200_000;

/** A field of one version, ready to be read and written. */
interface CompiledField {
  readonly name: string;
  readonly tag: number | undefined;
  readonly isPresent: boolean;
  readonly codec: Codec<unknown>;
  readonly preset: unknown;
}

/** The codec of `layout` in `version`. */
export function structCodec(layout: Layout, version: number, isFlexible: boolean): Codec<Struct> {
  const fields = fieldsOf(layout, version).map((field) => compile(field, version, isFlexible));
  const inOrder = fields.filter(({ tag, isPresent }) => tag === undefined && isPresent);
  const tagged = isFlexible
    ? fields.filter(({ tag, isPresent }) => tag !== undefined && isPresent).sort((a, b) => a.tag! - b.tag!)
    : [];
  const presets = Object.fromEntries(fields.map(({ name, preset }) => [name, preset]));
  return {
    zero: presets,
    read(from) {
      const value: Struct = { ...presets };
      for (const { name, codec } of inOrder) value[name] = codec.read(from);
      if (isFlexible) readTagged(from, tagged, value);
      return value;
    },
    write(to, value) {
      for (const { name, codec, preset } of inOrder) codec.write(to, value[name] === undefined ? preset : value[name]);
      if (isFlexible) writeTagged(to, tagged, value);
    },
  };
}

function compile(field: Field, version: number, isFlexible: boolean): CompiledField {
  const { name, tag, isPresent, isNullable } = field;
  const item = itemCodec(field, version, isFlexible);
  const whole = field.isArray ? arrayCodec(item, isFlexible ? compactLengths : lengths32) : item;
  const codec = isNullable ? whole : notNull(name, whole);
  return { name, tag, isPresent, codec, preset: presetOf(field, whole) };
}

function itemCodec({ type, inner, isArray, isNullable }: Field, version: number, isFlexible: boolean): Codec<unknown> {
  if (type === 'struct') {
    const struct = structCodec(inner!, version, isFlexible);
    return (isNullable && !isArray ? nullableStruct(struct) : struct);
  }
  const strings = isFlexible ? compactLengths : lengths16;
  const blobs = isFlexible ? compactLengths : lengths32;
  if (type === 'str') return stringCodec(strings);
  if (type === 'bytes') return bytesCodec(blobs);
  if (type === 'records') return recordsCodec(blobs);
  if (!(type in fixed)) throw new TypeError(`'${type}' is not a type of the notation`);
  return fixed[type as keyof typeof fixed];
}

function arrayCodec(item: Codec<unknown>, lengths: Lengths): Codec<unknown[] | null> {
  return {
    zero: Object.freeze([]) as unknown as unknown[],
    read(from) {
      // An element takes at least one byte, so that the bytes left bound the count.
      const count = readLength(lengths, from);
      if (count < 0) return null;
      if (count > from.itemsLeft) throw new MalformedError(`a message may have ${ITEMS_MAX} array elements at most`);
      from.itemsLeft -= count;
      const values: unknown[] = [];
      for (let at = 0; at < count; at++) values.push(item.read(from));
      return values;
    },
    write(to, values) {
      lengths.write(to, values === null ? -1 : values.length);
      for (const value of values ?? []) item.write(to, value);
    },
  };
}

function nullableStruct(struct: Codec<Struct>): Codec<Struct | null> {
  return {
    zero: null,
    read(from) {
      const mark = from.reader.readInt8();
      if (mark !== 1 && mark !== -1) throw new MalformedError(`a nullable struct begins with 1 or -1, not with ${mark}`);
      return mark === 1 ? struct.read(from) : null;
    },
    write(to, value) {
      to.appendInt8(value === null ? -1 : 1);
      if (value !== null) struct.write(to, value);
    },
  };
}

/** Refuses null on both sides: a client's null is malformed, a null of ours is an error of this program. */
function notNull(name: string, codec: Codec<unknown>): Codec<unknown> {
  return {
    zero: codec.zero,
    read(from) {
      const value = codec.read(from);
      if (value === null) throw new MalformedError(`${name} must not be null`);
      return value;
    },
    write(to, value) {
      if (value === null || value === undefined) throw new TypeError(`${name} must not be ${value}`);
      codec.write(to, value);
    },
  };
}

function presetOf({ type, isArray, isNullable, preset }: Field, codec: Codec<unknown>): unknown {
  if (preset === undefined) return isNullable && type !== 'str' ? null : codec.zero;
  if (preset === 'null') return isNullable ? null : codec.zero;
  if (type === 'bool') return preset === 'true';
  if (type === 'i64') return BigInt(preset);
  if (isArray || type === 'str') throw new TypeError(`a default of '${preset}' is not in the notation`);
  return Number(preset);
}

function readTagged(from: Source, fields: readonly CompiledField[], value: Struct): void {
  const { reader } = from;
  for (let count = reader.readUVarint(); count > 0; count--) {
    const tag = reader.readUVarint();
    const size = reader.readUVarint();
    if (size > reader.remaining) throw new MalformedError(`a tagged field of ${size} bytes does not fit into its message`);
    const end = reader.position + size;
    const field = fields.find((known) => known.tag === tag);
    if (field !== undefined) value[field.name] = field.codec.read(from);
    else reader.skip(size);
    if (reader.position !== end) throw new MalformedError(`tagged field ${tag} is not as long as its size says`);
  }
}

/** A tagged field that has its default is left out. */
function writeTagged(to: IoBuf, fields: readonly CompiledField[], value: Struct): void {
  const given = fields.filter(({ name, preset }) => value[name] !== undefined && !isSame(value[name], preset));
  to.appendUVarint(given.length);
  for (const { name, tag, codec } of given) {
    using bytes = new IoBuf();
    codec.write(bytes, value[name]);
    to.appendUVarint(tag!).appendUVarint(bytes.length).take(bytes);
  }
}

function isSame(value: unknown, preset: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value === null || preset === null || typeof preset !== 'object') return value === preset;
  return Object.entries(preset).every(([name, inner]) => {
    const own = (value as Struct)[name];
    return own === undefined || isSame(own, inner);
  });
}
