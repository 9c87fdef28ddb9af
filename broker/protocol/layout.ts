// The notation in which the layouts of all messages are written, and the types that follow from it.
//
// A layout is an object whose properties are the fields of a message in wire order. A field is a string of words:
//
//   '#0'        a tagged field with tag 0, which stands at the end of its struct; the first word
//   'i32'       the type: bool i8 i16 i32 i64 u16 u32 uuid str bytes records, or [i32], [str] for an array of these
//   'str?'      nullable; 'str?(v7+)': nullable from version 7 on
//   'v3+'       in versions from 3 on; 'v2-7', '..v4'; without it: in all versions of its parent
//   '=-1'       the default: a reader's value when the field is absent, and a writer's when it is given none
//
// A struct is a pair of such a string, of type {} or [] for an array of structs, and an object of its fields.
import type { IoBuf } from 'corebuf';

export type FieldLayout = string | readonly [string, Layout];
export interface Layout {
  readonly [name: string]: FieldLayout;
}

export interface ApiLayout<Q extends Layout = Layout, P extends Layout = Layout> {
  readonly key: number;
  readonly name: string;
  /** Lowest and highest version that the layouts describe. */
  readonly versions: readonly [number, number];
  /** First version with compact lengths and tagged fields. */
  readonly flexible: number | 'never';
  readonly request: Q;
  readonly response: P;
}

/** The layouts of one API. */
export function api<const Q extends Layout, const P extends Layout>(
  key: number,
  name: string,
  versions: readonly [number, number],
  flexible: number | 'never',
  messages: { readonly request: Q; readonly response: P },
): ApiLayout<Q, P> {
  return { key, name, versions, flexible, ...messages };
}

/** The word that says the type. */
type TypeWord<F extends string> = F extends `#${string} ${infer Rest}` ? TypeWord<Rest> : F extends `${infer Word} ${string}` ? Word : F;

type Scalar<T extends string> = T extends 'bool'
  ? boolean
  : T extends 'i64'
    ? bigint
    : T extends 'str' | 'uuid'
      ? string
      : T extends 'bytes'
        ? Uint8Array
        : T extends 'records'
          ? IoBuf
          : T extends `[${infer Item}]`
            ? Scalar<Item>[]
            : number;

type OfWord<W extends string> = W extends `${infer Base}?${string}` ? Scalar<Base> | null : Scalar<W>;
type Structs<W extends string, One> = W extends '[]' ? One[] : W extends '{}' ? One : W extends '{}?' ? One | null : One[] | null;

/** A message as the decoder returns it: every field is there, those of other versions with their defaults. */
export type Decoded<L extends Layout> = {
  -readonly [K in keyof L]: L[K] extends string
    ? OfWord<TypeWord<L[K]>>
    : L[K] extends readonly [infer F extends string, infer Inner extends Layout]
      ? Structs<TypeWord<F>, Decoded<Inner>>
      : never;
};

type Words<F extends FieldLayout> = F extends string ? F : F extends readonly [infer S extends string, Layout] ? S : never;
type Optional<F extends FieldLayout> = Words<F> extends `${string}=${string}` | `#${string}` ? true : false;
type EncodableField<F extends FieldLayout> = F extends string
  ? OfWord<TypeWord<F>>
  : F extends readonly [infer S extends string, infer Inner extends Layout]
    ? Structs<TypeWord<S>, Encodable<Inner>>
    : never;

/** A message as the encoder takes it: fields that have a default, and tagged ones, may be left out. */
export type Encodable<L extends Layout> = {
  -readonly [K in keyof L as Optional<L[K]> extends true ? never : K]: EncodableField<L[K]>;
} & {
  -readonly [K in keyof L as Optional<L[K]> extends true ? K : never]?: EncodableField<L[K]>;
};

/** A field, parsed for one version. */
export interface Field {
  readonly name: string;
  readonly tag: number | undefined;
  /** The type without array brackets and question mark; 'struct' for {} and []. */
  readonly type: string;
  readonly isArray: boolean;
  readonly isNullable: boolean;
  /** True when the field is in this version. */
  readonly isPresent: boolean;
  /** Text behind `=`. */
  readonly preset: string | undefined;
  readonly inner: Layout | undefined;
}

const FIELD = /^(?:#(\d+) )?([\w[\]{}]+)(\?(?:\((v[^)]*|\.\.v\d+)\))?)?(?: (v\d+\+|v\d+-\d+|v\d+|\.\.v\d+))?(?: =(.*))?$/;

/** The fields of `layout` as they are in `version`, in wire order. */
export function fieldsOf(layout: Layout, version: number): Field[] {
  return Object.entries(layout).map(([name, field]) => fieldOf(name, field, version));
}

function fieldOf(name: string, field: FieldLayout, version: number): Field {
  const [words, inner] = typeof field === 'string' ? [field, undefined] : field;
  const match = FIELD.exec(words);
  if (match === null) throw new TypeError(`the layout of ${name} is not in the notation: '${words}'`);
  const [, tag, type, question, nullableIn, presentIn, preset] = match;
  const isStruct = type === '{}' || type === '[]';
  return {
    name,
    tag: tag === undefined ? undefined : Number(tag),
    type: isStruct ? 'struct' : type!.replace(/^\[(.*)\]$/, '$1'),
    isArray: type!.startsWith('['),
    isNullable: question !== undefined && isIn(nullableIn, version),
    isPresent: isIn(presentIn, version),
    preset,
    inner,
  };
}

/** Whether `range` ('v3+', 'v2-7', 'v5', '..v4') holds `version`. */
function isIn(range: string | undefined, version: number): boolean {
  if (range === undefined) return true;
  if (range.startsWith('..v')) return version <= Number(range.slice(3));
  const [first, last] = range.slice(1).split(/[+-]/);
  if (range.endsWith('+')) return version >= Number(first);
  return version >= Number(first) && version <= Number(last ?? first);
}
