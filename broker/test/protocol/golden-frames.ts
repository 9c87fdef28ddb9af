// Frames that were written from the protocol's layouts and read by other implementations: bodies without headers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ApiLayout, Layout } from '../../protocol/layout';
import { layouts } from '../../protocol/layouts/index';

export interface GoldenFrame {
  readonly api: ApiLayout;
  readonly layout: Layout;
  readonly version: number;
  readonly bytes: Buffer;
  readonly name: string;
}

/** A line is: key, q for a request or p for an answer, version, hex. */
export function goldenFrames(): GoldenFrame[] {
  const text = gunzipSync(readFileSync(join(__dirname, '../fixtures/frames.txt.gz'))).toString();
  return text.trimEnd().split('\n').map((line) => {
    const [key, kind, version, hex = ''] = line.split(' ');
    const api = layouts.get(Number(key))!;
    const layout = kind === 'q' ? api.request : api.response;
    return { api, layout, version: Number(version), bytes: Buffer.from(hex, 'hex'), name: `${api.name} ${kind} v${version}` };
  });
}
