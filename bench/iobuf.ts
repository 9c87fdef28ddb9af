// Chains beside what programs use without them: bl, Buffer.concat, and Buffers that somebody has flattened.
import { attach } from 'corebuf';
import type { OpenSuite, Suite } from './harness/suite.js';
import { appendingCases } from './iobuf/append.js';
import { checksumCases, searchingCases } from './iobuf/content.js';
import { decodingCases } from './iobuf/decode.js';
import { framingCases } from './iobuf/frames.js';
import { sharingCases } from './iobuf/sharing.js';
import { loadBufferList } from './peers/buffer-list.js';

async function open(): Promise<OpenSuite> {
  attach({ memory: '512MiB' });
  const List = await loadBufferList();
  return {
    cases: [
      ...appendingCases(List),
      ...framingCases(List),
      ...sharingCases(List),
      ...decodingCases(List),
      ...checksumCases(),
      ...searchingCases(),
    ],
  };
}

export const iobuf: Suite = {
  name: 'iobuf',
  about: 'bytes appended, cut, shared, decoded and checked in chains',
  open,
};
