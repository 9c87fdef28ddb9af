// Writes that are refused, and programs that use the connection while one of its writes is under way.
import { IoBuf, stats, thisShard } from 'corebuf';
import type { Connection } from 'corebuf';
import { connectionPair, destroyConnectionsAfterEach } from '../support/connections';
import { corebufError, expectCode, expectTypeError } from '../support/errors';
import { failIn } from '../support/fail-in';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

destroyConnectionsAfterEach();
expectNothingLeaked();

function releasedChain(): IoBuf {
  const chain = IoBuf.from('gone');
  chain.release();
  return chain;
}

/** All that comes until the end. */
async function textOf(connection: Connection): Promise<string> {
  using all = new IoBuf();
  for await (const chain of connection) all.take(chain);
  return all.toString();
}

describe('a write that is refused changes nothing', () => {
  test('of a chain that has been released', async () => {
    const [near, far] = await connectionPair();
    near.post('one,');
    expectCode(() => near.post(releasedChain()), 'ERR_RELEASED');
    await expect(near.write(releasedChain())).rejects.toEqual(corebufError('ERR_RELEASED'));
    await expect(near.end(releasedChain())).rejects.toEqual(corebufError('ERR_RELEASED'));
    const chain = IoBuf.from('gone while the options are read');
    const options = {
      get signal() {
        chain.release();
        return undefined;
      },
    };
    await expect(near.write(chain, options as never)).rejects.toEqual(corebufError('ERR_RELEASED'));
    const place = near.reserve();
    expectCode(() => place.fill(releasedChain()), 'ERR_RELEASED');
    expectCode(() => near.post(releasedChain()), 'ERR_RELEASED');
    place.fill('two,');
    expect([near.bytesWritten, near.post('three')]).toEqual([8, true]);
    await near.end();
    expect(await textOf(far)).toBe('one,two,three');
  });

  test('of something that has no bytes', async () => {
    const [near, far] = await connectionPair();
    const place = near.reserve();
    for (const data of [null, undefined, 5, {}] as never[]) {
      expectTypeError(() => near.post(data));
      expectTypeError(() => place.fill(data));
    }
    expect(place.fill('still open')).toBe(true);
    await near.end();
    expect(await textOf(far)).toBe('still open');
  });
});

test('a write behind a reserved place resolves when the kernel has what filled it, too', async () => {
  const [near, far] = await connectionPair();
  const places = [near.reserve(), near.reserve()] as const;
  const resolved: string[] = [];
  const between = near.write('between,').then(() => resolved.push('between'));
  const last = near.reserve();
  const ended = near.end('end').then(() => resolved.push('end'));
  const { partialSends } = stats().net;
  places[1].fill(Buffer.alloc(30_000_000));
  places[0].fill('first,');
  await until(() => stats().net.partialSends > partialSends, () => 'the kernel takes no more');
  await turn();
  expect(resolved).toEqual([]);
  (await far.readExactly(30_000_000)).release();
  await between;
  expect(resolved).toEqual(['between']);
  last.fill('last,');
  await ended;
  expect((await textOf(far)).replaceAll('\0', '')).toBe('between,last,end');
});

const LARGE = 100 * 1024;

interface Scene {
  readonly near: Connection;
  readonly place: { fill(data: string): boolean; cancel(): void };
}

const NO_PLACE = { fill: () => true, cancel: () => undefined };

const acts: Record<string, (scene: Scene) => unknown> = {
  'posts': ({ near }) => near.post('posted'),
  'posts a chain': ({ near }) => near.post(IoBuf.from('a chain')),
  'reserves': ({ near }) => near.reserve().fill('reserved'),
  'lists many commands': ({ near }) => {
    for (let count = 0; count < 20_000; count++) near.setNoDelay();
    near.post('posted');
  },
  'fills the place': ({ place }) => place.fill('filled'),
  'cancels the place': ({ place }) => place.cancel(),
  'ends': ({ near }) => void near.end().catch(() => undefined),
  'closes': ({ near }) => void near.close(),
  'destroys': ({ near }) => near.destroy(),
};
const writes: Record<string, (scene: Scene) => boolean> = {
  'post()': ({ near }) => near.post(Buffer.alloc(LARGE)),
  'post() behind one of the same turn': ({ near }) => near.post(Buffer.alloc(LARGE)),
  'post() behind a place': ({ near }) => near.post(Buffer.alloc(LARGE)),
  'fill()': ({ place }) => place.fill('x'.repeat(LARGE)),
};

/** Calls `write`, which runs out of memory, and `act` when listeners are asked to give some back. Returns whether `write` was refused. */
function underPressure(write: () => unknown, act: () => unknown): boolean {
  const stop = thisShard.memory.onPressure(() => {
    failIn(0);
    stop();
    act();
  });
  failIn(1);
  try {
    write();
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(CLOSED|OUT_OF_MEMORY)$/) as string });
    return true;
  } finally {
    failIn(0);
    stop();
  }
}

describe.each(Object.keys(writes))('a listener of memory pressure, within %s,', (write) => {
  test.each(Object.keys(acts))('%s', async (act) => {
    const [near, far] = await connectionPair({ allowHalfOpen: true });
    if (write.endsWith('turn')) near.post('first');
    else await near.write('first');
    // Without a reserved place, post() goes the shorter way.
    const place = write.startsWith('post()') && !write.endsWith('place') ? NO_PLACE : near.reserve();
    const scene = { near, place };
    const refused = underPressure(() => writes[write]!(scene), () => acts[act]!(scene));
    place.cancel();
    if (act === 'destroys') return expect(near.post('late')).toBe(false);
    const received = textOf(far);
    await near.end().catch((error: unknown) => expect(error).toEqual(corebufError('ERR_CLOSED')));
    const { length } = await received;
    expect(length).toBe(near.bytesWritten);
    expect(length >= LARGE).toBe(!refused);
    await until(() => near.bytesWritten === far.bytesRead, () => 'all has come');
  });
});
