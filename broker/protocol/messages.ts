// Requests and answers as frames: a header, then a body in the layout of its API and version.
import { CorebufError, IoBuf } from 'corebuf';
import { ITEMS_MAX, structCodec } from './codec.js';
import type { ApiLayout, Decoded, Encodable, Layout } from './layout.js';
import { lengths16, MalformedError, stringCodec } from './primitives.js';
import type { Codec, Source } from './primitives.js';

/** Key of ApiVersions, whose answers always have the oldest header: the client does not know yet which one to expect. */
const API_VERSIONS = 18;

/** The fields that stand in front of every request, whatever its version. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

const codecs = new WeakMap<Layout, Codec<Record<string, unknown>>[]>();
const clientIds = stringCodec(lengths16);

export function isFlexible(layout: ApiLayout, version: number): boolean {
  return layout.flexible !== 'never' && version >= layout.flexible;
}

/** A place at the front of `frame`, which begins behind the frame's size. */
export function sourceOf(frame: IoBuf): Source {
  return { reader: frame.reader(), itemsLeft: ITEMS_MAX, shared: [] };
}

/** @throws MalformedError when the frame is too short. */
export function readHeader(from: Source): RequestHeader {
  return guarded(() => ({
    apiKey: from.reader.readInt16BE(),
    apiVersion: from.reader.readInt16BE(),
    correlationId: from.reader.readInt32BE(),
  }));
}

/** The rest of the header, which depends on the version. @throws MalformedError */
export function readClientId(from: Source, layout: ApiLayout, version: number): string | null {
  return guarded(() => {
    const clientId = clientIds.read(from);
    if (isFlexible(layout, version)) skipTagged(from);
    return clientId;
  });
}

/**
 * Reads a body. Bytes behind it are ignored: some clients send more than the layout has. The caller releases `from.shared`.
 *
 * @throws MalformedError
 */
export function readBody<L extends Layout>(from: Source, api: ApiLayout, layout: L, version: number): Decoded<L> {
  return guarded(() => codecOf(api, layout, version).read(from) as Decoded<L>);
}

/** Appends a body to `to`. Chains among the values are taken. */
export function writeBody<L extends Layout>(to: IoBuf, api: ApiLayout, layout: L, version: number, body: Encodable<L>): void {
  codecOf(api, layout, version).write(to, body);
}

/** The frame of an answer, with its size in front; the caller's to release. Chains in `body` are taken. */
export function answerFrame(api: ApiLayout, version: number, correlationId: number, body: Encodable<Layout>): IoBuf {
  const frame = new IoBuf();
  try {
    const size = frame.reserve(4);
    frame.appendInt32BE(correlationId);
    if (isFlexible(api, version) && api.key !== API_VERSIONS) frame.appendUVarint(0);
    writeBody(frame, api, api.response, version, body);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(frame.length - 4);
    size.write(bytes);
    return frame;
  } catch (error) {
    frame.release();
    throw error;
  }
}

function codecOf(api: ApiLayout, layout: Layout, version: number): Codec<Record<string, unknown>> {
  let versions = codecs.get(layout);
  if (versions === undefined) codecs.set(layout, (versions = []));
  return (versions[version] ??= structCodec(layout, version, isFlexible(api, version)));
}

function skipTagged({ reader }: Source): void {
  for (let count = reader.readUVarint(); count > 0; count--) {
    reader.readUVarint();
    reader.skip(reader.readUVarint());
  }
}

/** A read past the end and a varint that is none mean the same to a client: its bytes are no message. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CorebufError && error.code === 'ERR_OUT_OF_BOUNDS') {
      throw new MalformedError('the message ends before its last field', { cause: error });
    }
    if (error instanceof RangeError) throw new MalformedError(error.message, { cause: error });
    throw error;
  }
}
