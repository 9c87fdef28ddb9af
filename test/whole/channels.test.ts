// What the package publishes on node:diagnostics_channel, and the report of a shard.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { attach, DmaBuffer, DmaFile, IoBuf, SegmentAppender, thisShard } from 'corebuf';
import type { Mortal } from '../workers/mortal';
import type { ServiceUnderTest } from '../workers/service';
import { corebufError, thrownBy } from '../support/errors';
import { injectFaults } from '../support/inject-faults';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

removeScratchAfterEach();

attach({ memory: '64MiB' });

/** Messages of a channel while `during` runs. */
async function heardOn(channel: string, during: () => unknown): Promise<unknown[]> {
  const heard: unknown[] = [];
  const listener = (message: unknown): void => void heard.push(message);
  subscribe(channel, listener);
  try {
    await during();
    return heard;
  } finally {
    unsubscribe(channel, listener);
  }
}

describe('diagnostics channels', () => {
  test('tell of a spent budget twice: before listeners of pressure run, and when the allocation fails', async () => {
    const spend = (): unknown => thrownBy(() => DmaBuffer.alloc(2 ** 27));
    const wanted = await heardOn('corebuf:pressure', spend);
    expect(wanted).toEqual([{ shard: thisShard.id, wanted: 2 ** 27, home: thisShard.id }]);
    expect(await heardOn('corebuf:out-of-memory', spend)).toEqual([{ error: corebufError('ERR_OUT_OF_MEMORY') }]);
  });

  test('tell of an object that nobody released', async () => {
    const reclaimed = thisShard.memory.stats().leaksReclaimed;
    const heard = await heardOn('corebuf:leak', async () => {
      // More than a block of handles: a block is reclaimed as a whole.
      for (let count = 0; count < 600; count++) IoBuf.from('forgotten');
      const found = (): boolean => {
        globalThis.gc!();
        return thisShard.memory.stats().leaksReclaimed > reclaimed;
      };
      await until(found, () => `no leak was reclaimed after the first ${reclaimed}`);
    });
    // Copies of the package that earlier files of tests loaded may tell of theirs.
    expect(heard).toContainEqual({ shard: thisShard.id, kind: 'IoBuf', bytes: 9, madeAt: undefined });
  });

  test('tell of the end of a shard and of its restart', async () => {
    await using group = await startGroup<Mortal>(workerModule('mortal'), { shards: 1, restart: { delay: 0 } });
    let restarts: unknown[] = [];
    const exits = await heardOn('corebuf:shard-exit', async () => {
      restarts = await heardOn('corebuf:shard-restart', async () => {
        let restarted = false;
        group.once('restart', () => (restarted = true));
        await group.shard(0).exit(3).catch(() => undefined);
        await until(() => restarted, () => 'no shard was restarted');
      });
    });
    const module = expect.stringContaining('mortal.js') as string;
    expect(exits).toEqual([{ module, index: 0, code: 3, error: undefined, restarting: true }]);
    expect(restarts).toEqual([{ module, index: 0 }]);
  });

  test('tell of an appender that stops, with its positions', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'write', errno: 'EIO' }]);
    const log = await SegmentAppender.open(path);
    const appendInVain = async (): Promise<void> => {
      await log.append('four');
      await expect(log.flush()).rejects.toMatchObject({ code: 'ERR_IO' });
    };
    const heard = await heardOn('corebuf:appender-failure', appendInVain).finally(() => injectFaults([]));
    expect(heard).toEqual([{ path, error: corebufError('ERR_IO'), accepted: 4, written: 0, durable: 0 }]);
    await log.close().catch(() => undefined);
  });

  test('tell once in a thread that threads stand in for io_uring, and why', async () => {
    const { native } = bindingOfPackage();
    const { fileOpen, machine } = native;
    native.fileOpen = (fd, _engine, direct) => fileOpen(fd, native.constants.engineThreads, direct);
    native.machine = () => ({ ...machine(), ioUringRefusal: 'io_uring_setup: EPERM' });
    const path = scratchPath();
    const openTwice = async (): Promise<void> => {
      for (let count = 0; count < 2; count++) await (await DmaFile.open(path, 'w')).close();
    };
    const heard = await heardOn('corebuf:engine-fallback', openTwice).finally(() => Object.assign(native, { fileOpen, machine }));
    expect(heard).toEqual([{ path, engine: 'threads', reason: 'io_uring_setup: EPERM' }]);
  });
});

describe('the tracing channel of calls', () => {
  test('shows a call that succeeds and one that fails, with shard and method', async () => {
    await using group = await startGroup<ServiceUnderTest>(workerModule('service'), { shards: 1 });
    const seen: string[] = [];
    const note = (event: string) => (context: unknown): void => {
      const { shard, method } = context as { shard: number; method: string };
      expect(typeof shard).toBe('number');
      seen.push(`${event} ${method}`);
    };
    const events = { start: note('start'), end: note('end'), asyncStart: note('asyncStart'), asyncEnd: note('asyncEnd'), error: note('error') };
    const tracing = tracingChannel('corebuf:call');
    tracing.subscribe(events);
    try {
      expect(await group.shard(0).echo(1)).toBe(1);
      await expect(group.shard(0).throwError('RangeError', 'too far', {})).rejects.toThrow(RangeError);
    } finally {
      tracing.unsubscribe(events);
    }
    expect(await group.shard(0).echo(2)).toBe(2);
    const success = ['start echo', 'end echo', 'asyncStart echo', 'asyncEnd echo'];
    const failure = ['start throwError', 'end throwError', 'error throwError', 'asyncStart throwError', 'asyncEnd throwError'];
    expect(seen).toEqual([...success, ...failure]);
  });
});

describe('thisShard.report()', () => {
  test('is plain data with memory, counters and the latest stalls', () => {
    const report = thisShard.report();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({ pid: process.pid, shard: thisShard.id, index: null, node: { version: process.version } });
    expect(report.memory.budget).toBe(thisShard.memory.budget);
    expect(report.counters.turns).toBeGreaterThan(0);
    expect(report.stalls.length).toBeLessThanOrEqual(10);
  });

  test('keeps the latest stalls, whether somebody listens or not', async () => {
    const { stallThreshold } = thisShard;
    thisShard.stallThreshold = 1000;
    const longEnough = (): boolean => {
      for (const end = performance.now() + 5; performance.now() < end; );
      return thisShard.report().stalls.some(({ blockedFor }) => blockedFor >= 1000);
    };
    try {
      await until(longEnough, () => `the stalls are ${JSON.stringify(thisShard.report().stalls)}`);
    } finally {
      thisShard.stallThreshold = stallThreshold;
    }
  });
});

interface Binding {
  readonly native: {
    readonly constants: { readonly engineThreads: number };
    fileOpen: (fd: number, engine: number, direct: number) => unknown;
    machine: () => object;
  };
}

function bindingOfPackage(): Binding {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(join(__dirname, '../../dist/core.js')) as Binding;
}
