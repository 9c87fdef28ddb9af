import { readFileSync } from 'node:fs';
import { DmaBuffer, DmaFile, stats } from 'corebuf';
import { corebufError } from '../support/errors';
import { engines, fileOf, holds } from '../support/files';
import { removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked, liveHere } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

const BLOCK = 4096;

/** A signal that counts the listeners it has. */
class CountingController extends AbortController {
  listeners = 0;
  listenersMost = 0;

  constructor() {
    super();
    const { signal } = this;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: unknown[]): void => {
      this.listenersMost = Math.max(this.listenersMost, ++this.listeners);
      add(...(args as Parameters<typeof add>));
    };
    signal.removeEventListener = (...args: unknown[]): void => {
      this.listeners--;
      remove(...(args as Parameters<typeof remove>));
    };
  }
}

async function quiet(): Promise<void> {
  await until(() => stats().io.inFlight === 0, () => `${stats().io.inFlight} operations are in flight`);
}

describe.each(engines)('a signal and a DmaFile by %s', (engine) => {
  const open = (path: string): Promise<DmaFile> => DmaFile.open(path, 'r+', { engine });

  test('that thousands of operations share has one listener, and none when they have ended', async () => {
    const { path, content } = fileOf(64 * BLOCK);
    await using file = await open(path);
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const controller = new CountingController();
    const { signal } = controller;
    const before = stats().io.reads;
    const reads = Array.from({ length: 3000 }, (_, at) => file.read((at % 64) * BLOCK, 8, { signal }));
    expect(controller.listeners).toBe(1);
    for (const [at, read] of reads.entries()) expect(holds(await read, content.subarray((at % 64) * BLOCK, (at % 64) * BLOCK + 8))).toBe(true);
    expect(stats().io.reads - before).toBe(3000);
    expect([controller.listeners, controller.listenersMost]).toEqual([0, 1]);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  test('that is aborted ends all of them at once, and all memory comes home', async () => {
    const { path } = fileOf(64 * BLOCK);
    await using file = await open(path);
    const before = liveHere();
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    const controller = new CountingController();
    const { signal } = controller;
    const reason = { not: 'even an error' };
    const operations = [
      ...Array.from({ length: 1000 }, (_, at) => file.read((at % 64) * BLOCK + 1, 2 * BLOCK, { signal })),
      ...Array.from({ length: 100 }, () => file.write(0, block, { signal })),
      file.readMany([{ position: 0, length: 1 }], { signal }),
    ];
    controller.abort(reason);
    const settled = await Promise.allSettled(operations);
    expect(settled.every((one) => one.status === 'rejected' && one.reason === reason)).toBe(true);
    await quiet();
    block.release();
    expect(liveHere()).toBe(before);
    // With { once: true } it has gone by itself.
    expect(controller.listenersMost).toBe(1);
    // A write that was begun is finished all the same.
    expect(readFileSync(path).subarray(0, BLOCK)).toEqual(Buffer.alloc(BLOCK));
  });

  test('that is aborted before lets nothing begin', async () => {
    const { path, content } = fileOf(BLOCK);
    await using file = await open(path);
    using block = DmaBuffer.alloc(BLOCK);
    const reason = new Error('before');
    const signal = AbortSignal.abort(reason);
    const before = stats().io;
    const range = { position: 0, length: 1 };
    const uses = [file.read(0, 1, { signal }), file.read(0, 0, { signal }), file.write(0, block, { signal }), file.readMany([range], { signal })];
    for (const use of uses) await expect(use).rejects.toBe(reason);
    expect(stats().io).toEqual(before);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('that closes the file while it is asked begins nothing', async () => {
    const { path } = fileOf(BLOCK);
    const file = await open(path);
    const { signal } = new AbortController();
    signal.throwIfAborted = () => void file.close();
    await expect(file.read(0, 1, { signal })).rejects.toEqual(corebufError('ERR_CLOSED'));
  });

  test('that is aborted afterwards changes nothing, and may be used by others meanwhile', async () => {
    const { path, content } = fileOf(2 * BLOCK);
    await using file = await open(path);
    const [early, late] = [new AbortController(), new AbortController()];
    const first = await file.read(0, 10, { signal: early.signal });
    early.abort();
    expect(holds(first, content.subarray(0, 10))).toBe(true);
    const any = AbortSignal.any([early.signal, late.signal]);
    await expect(file.read(0, 1, { signal: any })).rejects.toMatchObject({ name: 'AbortError' });
    const pending = [file.read(0, 1, { signal: late.signal }), file.read(0, 1, { signal: AbortSignal.any([late.signal]) })];
    const unconcerned = file.read(1, 5, { signal: AbortSignal.timeout(100_000) });
    late.abort();
    for (const read of pending) await expect(read).rejects.toMatchObject({ name: 'AbortError' });
    expect(holds(await unconcerned, content.subarray(1, 6))).toBe(true);
    await quiet();
  });

  test('that is none is refused, and one that throws loses no memory', async () => {
    const { path } = fileOf(BLOCK);
    await using file = await open(path);
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    for (const signal of [null, 1, {}, 'abort', { aborted: false }, { aborted: false, throwIfAborted: () => undefined }] as never[]) {
      await expect(file.read(0, 1, { signal })).rejects.toMatchObject(type);
      await expect(file.write(0, block, { signal })).rejects.toMatchObject(type);
    }
    await expect(file.read(0, 1, null as never)).rejects.toMatchObject(type);
    const thrown = new Error('no listeners here');
    const before = liveHere();
    const signal = {
      aborted: false,
      throwIfAborted: (): void => undefined,
      addEventListener: (): void => {
        throw thrown;
      },
      removeEventListener: (): void => undefined,
    } as never;
    await expect(file.read(0, 1, { signal })).rejects.toBe(thrown);
    await expect(file.write(0, block, { signal })).rejects.toBe(thrown);
    await expect(file.readMany([{ position: 0, length: 1 }], { signal })).rejects.toBe(thrown);
    await expect(file.chunks({ signal }).next()).rejects.toBe(thrown);
    await quiet();
    expect(liveHere()).toBe(before);
  });

  test('whose getter releases what is to be written makes that ERR_RELEASED', async () => {
    const { path, content } = fileOf(BLOCK);
    await using file = await open(path);
    const block = DmaBuffer.alloc(BLOCK);
    const options = {
      get signal(): AbortSignal {
        block.release();
        return new AbortController().signal;
      },
    };
    await expect(file.write(0, block, options)).rejects.toMatchObject({ code: 'ERR_RELEASED' });
    expect(readFileSync(path).equals(content)).toBe(true);
  });
});
