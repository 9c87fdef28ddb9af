// bl, the list of Buffers that most streams are collected in. It is an ES module, so it is loaded when the suite opens.
import type { BufferList } from 'bl' with { 'resolution-mode': 'import' };

export type { BufferList };
export type NewBufferList = new () => BufferList;

export async function loadBufferList(): Promise<NewBufferList> {
  return (await import('bl')).BufferList;
}
