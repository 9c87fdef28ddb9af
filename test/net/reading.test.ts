// Asking for input: what counts as new, when it is given up, and what can never come.
import { stat } from 'node:fs';
import { IoBuf } from 'corebuf';
import type { Connection, FrameLayout } from 'corebuf';
import { accepted, destroyAcceptedAfterEach } from '../support/accepted';
import { thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

destroyAcceptedAfterEach();
expectNothingLeaked();

async function arrived(connection: Connection, bytes: number): Promise<void> {
  await until(() => connection.bytesRead === bytes, () => `${connection.bytesRead} of ${bytes} bytes have come`);
}

const LAYOUT: FrameLayout = { lengthBytes: 1, maxLength: 100 };

describe('more()', () => {
  test('misses no frame that comes while the program works', async () => {
    const [connection, peer] = await accepted();
    const frames: string[] = [];
    let works = (): void => undefined;
    const served = (async () => {
      while (await connection.more()) {
        for (using frame of connection.takeFrames(LAYOUT)) {
          await new Promise<void>((resolve) => (works = resolve));
          frames.push(frame.toString());
        }
      }
    })();
    peer.write('\x03one');
    await arrived(connection, 4);
    await turn();
    peer.write('\x03two');
    await arrived(connection, 8);
    await until(() => (works(), frames.length === 2), () => `${frames.length} of 2 frames are served`);
    expect(frames).toEqual(['one', 'two']);
    peer.end();
    await served;
  });

  test('gives what has come before it was first called, and what readExactly() has left', async () => {
    const [connection, peer] = await accepted();
    peer.write('headbody');
    await arrived(connection, 8);
    expect(await connection.more()).toBe(true);
    (await connection.readExactly(4)).release();
    expect(await connection.more()).toBe(true);
    const next = connection.more();
    expect(await Promise.race([next, turn().then(() => 'waits')])).toBe('waits');
    peer.write('!');
    expect(await next).toBe(true);
    expect(connection.input.toString()).toBe('body!');
  });

  test('with a length waits for so many bytes beyond those that are there', async () => {
    const [connection, peer] = await accepted();
    peer.write('1234');
    await arrived(connection, 4);
    const more = connection.more(2);
    peer.write('5');
    await arrived(connection, 5);
    peer.write('6');
    expect(await more).toBe(true);
    expect(connection.input.length).toBe(6);
  });

  test('waits with an input of 4 GiB and more', async () => {
    const [connection, peer] = await accepted();
    using piece = new IoBuf().append(Buffer.alloc(64 * 1024));
    const large = piece.share();
    while (large.length < 2 ** 32) {
      const twice = large.share();
      large.take(twice);
    }
    connection.input.take(large);
    const more = connection.more(10);
    peer.write('0123456789');
    expect(await more).toBe(true);
    expect(connection.input.length).toBe(2 ** 32 + 10);
  });
});

describe('a signal', () => {
  test('ends the waiting, and what comes then goes to the others that wait', async () => {
    const [connection, peer] = await accepted();
    const stop = new AbortController();
    const { signal } = stop;
    const given = [connection.readExactly(4, { signal }), connection.read({ signal }), connection.more(5, { signal })];
    const kept = connection.readExactly(3);
    const outcomes = Promise.allSettled(given);
    const reason = new Error('no longer');
    stop.abort(reason);
    expect(await outcomes).toEqual(given.map(() => ({ status: 'rejected', reason })));
    peer.write('abc');
    using got = await kept;
    expect(got.toString()).toBe('abc');
    // Aborting later changes nothing, and an aborted signal is refused.
    const late = new AbortController();
    peer.write('x');
    using last = await connection.readExactly(1, { signal: late.signal });
    late.abort();
    expect(last.toString()).toBe('x');
    await expect(connection.read({ signal })).rejects.toBe(reason);
    await expect(connection.more(undefined, { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('a connection that failed', () => {
  test('gives its error when frames are asked of it', async () => {
    const [connection, peer] = await accepted();
    peer.write('abc');
    await arrived(connection, 3);
    peer.resetAndDestroy();
    await until(() => connection.destroyed, () => 'the reset has come');
    expect(thrownBy(() => connection.takeFrames(LAYOUT))).toMatchObject({ code: 'ECONNRESET' });
  });
});

test('a chain that was taken in another callback of the turn gets nothing more', async () => {
  const [connection, peer] = await accepted();
  peer.write('first');
  await arrived(connection, 5);
  const taken = new Promise<IoBuf | undefined>((resolve) => stat(__filename, () => void connection.read().then(resolve)));
  peer.write('second');
  // Both are ready when the event loop polls next.
  const until = performance.now() + 50;
  while (performance.now() < until) continue;
  using first = await taken;
  using second = await connection.readExactly(6);
  expect([first?.toString(), second.toString()]).toEqual(['first', 'second']);
});
