// Some tests say that no byte is copied, or look at one memory through two views. Where external ArrayBuffers are forbidden, or
// COREBUF_COPY_VIEWS=1 plays that, views are copies by design, and there is nothing to say.
import { capabilities } from 'corebuf';

export function testOfZeroCopy(name: string, run: jest.ProvidesCallback): void {
  if (capabilities().externalBuffers) test(name, run);
}

/** Tests of the ArrayBuffers that are kept and used again. In checked mode each view has one of its own, which ends. */
export function testOfKeptWindows(name: string, run: jest.ProvidesCallback): void {
  if (process.env.COREBUF_CHECKED !== '1') testOfZeroCopy(name, run);
}
