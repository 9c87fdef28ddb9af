// The ways in which a program takes the ArrayBuffer under a view away. Newer versions of Node refuse them for views of this package.

/** Takes the memory under `view` away, or is refused. */
export type Transfer = (view: Uint8Array) => Promise<void>;

async function enqueue(view: Uint8Array): Promise<void> {
  const stream = new ReadableStream({
    type: 'bytes',
    start(controller) {
      controller.enqueue(view);
      controller.close();
    },
  });
  await stream.getReader().read();
}

async function readInto(view: Uint8Array): Promise<void> {
  const [first] = view;
  const stream = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const request = controller.byobRequest!;
      (request.view as Uint8Array)[0] = first!;
      request.respond(1);
    },
  });
  await stream.getReader({ mode: 'byob' }).read(view);
}

async function transfer(view: Uint8Array): Promise<void> {
  (view.buffer as ArrayBuffer & { transfer?: () => unknown }).transfer?.();
}

async function clone(view: Uint8Array): Promise<void> {
  structuredClone(view, { transfer: [view.buffer as ArrayBuffer] });
}

/** A refusal is a TypeError or a DataCloneError, and leaves the view as it was. */
function orRefused(how: Transfer): Transfer {
  return async (view) => {
    const { length } = view;
    try {
      await how(view);
    } catch (error) {
      expect(['TypeError', 'DataCloneError']).toContain((error as Error).name);
      expect(view).toHaveLength(length);
    }
  };
}

/** By name. */
export const transfers: readonly (readonly [string, Transfer])[] = [
  ['a byte stream', orRefused(enqueue)],
  ['a BYOB reader', orRefused(readInto)],
  ['transfer()', orRefused(transfer)],
  ['structuredClone() with a transfer list', orRefused(clone)],
];
