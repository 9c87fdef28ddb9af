// Chains whose fragments are known, and what there is to say of a chain.
import { IoBuf, stats } from 'corebuf';

/** Fragments with these texts, one each. */
export function chainOf(...texts: string[]): IoBuf {
  const chain = new IoBuf();
  for (const text of texts) chain.take(IoBuf.from(text));
  return chain;
}

export function fragmentsOf(chain: IoBuf): string[] {
  return [...chain].map((view) => view.toString());
}

export function copied(): Record<string, number> {
  return stats().ledger.copied;
}
