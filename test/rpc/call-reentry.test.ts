// Code of the caller's that runs in the middle of a call and makes a call of its own: each call keeps its own arguments and answer.
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';
import { failIn } from '../support/fail-in';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';

expectNothingLeaked();

type EchoAll = (...values: unknown[]) => Promise<unknown[]>;
let group: ShardGroup<ServiceUnderTest>;
let echoAll: EchoAll;
let inner: Promise<unknown>[] = [];

beforeEach(async () => {
  inner = [];
  group = await startGroup<ServiceUnderTest>(workerModule('service'));
  echoAll = group.shard(0).echoAll;
});

/** The action of each getter: a call whose arguments are longer than those of the call that reads it. */
function callMeanwhile(): void {
  inner.push(echoAll('arguments of the call within', inner.length, 'x'.repeat(300)));
}

async function expectInner(): Promise<void> {
  expect(inner.length).toBeGreaterThan(0);
  const answers = await Promise.all(inner);
  expect(answers).toEqual(inner.map((_, at) => ['arguments of the call within', at, 'x'.repeat(300)]));
}

function withGetter<T extends object>(target: T, name: string, value: unknown): T {
  return Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      callMeanwhile();
      return value;
    },
  });
}

describe('a call is not changed by a call that is made by', () => {
  test.each(['aborted', 'reason', 'addEventListener'])('a getter `%s` of its signal', async (name) => {
    const { signal } = new AbortController();
    const echoRest = group.shard(0).echoRest;
    const given = withGetter(signal, name, Reflect.get(signal, name));
    expect(await echoRest({ signal: given }, 'outer', 42)).toEqual(['outer', 42]);
    // Whether the getter is asked at all is no promise.
    if (inner.length > 0) await expectInner();
  });

  test('a getter `aborted` of its signal, with a chain along', async () => {
    const signal = withGetter(new AbortController().signal, 'aborted', false);
    const hold = group.shard(0).hold as unknown as (chain: IoBuf, options: object) => Promise<number>;
    expect(await hold(IoBuf.from('the chain of the call'), { signal })).toBe(1);
    using back = (await group.shard(0).give()) as IoBuf;
    expect(back.toString()).toBe('the chain of the call');
  });

  test('a getter of an argument', async () => {
    const argument = withGetter({ first: 1 }, 'second', 2);
    expect(await echoAll('outer', argument, 'last')).toEqual(['outer', { first: 1, second: 2 }, 'last']);
    await expectInner();
  });

  test('a getter of an item of an array', async () => {
    const list = withGetter(['a', 'b', 'c'], '1', 'B');
    expect(await echoAll('outer', list, 'last')).toEqual(['outer', ['a', 'B', 'c'], 'last']);
    await expectInner();
  });

  test('a getter `alignment` of a DmaBuffer', async () => {
    const buffer = withGetter(DmaBuffer.alloc(4096, { alignment: 512, zero: true }), 'alignment', 4096);
    const [before, back, after] = (await echoAll('outer', buffer, 'last')) as [string, DmaBuffer, string];
    expect([before, back.length, back.alignment, after]).toEqual(['outer', 4096, 512, 'last']);
    back.release();
    await Promise.all(inner);
  });

  test.each(['cause', 'detail'])('a getter within the `%s` of an error, whose call carries an error with the same object', async (name) => {
    const shared = { list: [1, 2, { deep: true }] };
    let reads = 0;
    Object.defineProperty(shared, 'read', {
      enumerable: true,
      get() {
        if (++reads === 1) inner.push(echoAll(Object.assign(new Error('inner'), { shared })));
        return 'by a getter';
      },
    });
    const error = Object.assign(new Error('outer'), { [name]: shared });
    const [back, after] = (await echoAll(error, 'last')) as [Error & Record<string, unknown>, string];
    const expected = { list: [1, 2, { deep: true }], read: 'by a getter' };
    expect([back[name], after]).toEqual([expected, 'last']);
    const [[within]] = (await Promise.all(inner)) as [[Error & { shared: unknown }]];
    expect(within.shared).toEqual(expected);
  });

  test.each(['an argument', 'nothing'])('a pressure listener, while it carries %s', async (what) => {
    const stop = thisShard.memory.onPressure(() => {
      failIn(0);
      inner.push(group.shard(0).text(IoBuf.from('the chain of the call within')));
    });
    const argument = what === 'nothing' ? [] : ['outer', 7];
    failIn(1);
    const answer = echoAll(...argument);
    failIn(0);
    stop();
    expect(await answer).toEqual(argument);
    expect(await Promise.all(inner)).toEqual(['the chain of the call within']);
  });
});

test('a result is not changed by a call that its getter makes', async () => {
  const answers = await group.shard(0).reentrantResult(1);
  expect(answers).toEqual({ before: 'result', read: 'by a getter', after: 'end' });
  expect(await group.shard(0).innerAnswers()).toEqual(['arguments of the call within']);
});

test('an error is not changed by a call that a getter of its cause makes', async () => {
  const error = (await group.shard(0).reentrantError(1).catch((reason: unknown) => reason)) as Error & { cause: unknown; after: unknown };
  expect(error).toMatchObject({ message: 'result', cause: { read: 'by a getter' }, after: 'end' });
  expect(await group.shard(0).innerAnswers()).toEqual(['arguments of the call within']);
});
