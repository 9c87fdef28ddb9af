// Chains whose fragments are known, and what there is to say of a chain.
import { IoBuf, stats } from 'corebuf';

/** Fragments with these texts, one each. */
export function chainOf(...texts: string[]): IoBuf {
  const chain = new IoBuf();
  for (const text of texts) chain.take(IoBuf.from(text));
  return chain;
}

/** The same bytes in fragments of `size`: references to pieces of one buffer, wherever they begin in it. */
export function inFragments(bytes: Uint8Array, size: number): IoBuf {
  const chain = new IoBuf();
  using whole = IoBuf.from(bytes);
  for (let at = 0; at < bytes.length; at += size) chain.take(whole.share(at, Math.min(at + size, bytes.length)));
  return chain;
}

export function fragmentsOf(chain: IoBuf): string[] {
  return [...chain].map((view) => view.toString());
}

export function copied(): Record<string, number> {
  return stats().ledger.copied;
}
