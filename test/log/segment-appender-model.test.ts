// Random work on an appender leaves the same bytes as on a Buffer.
import { readFileSync } from 'node:fs';
import { IoBuf, SegmentAppender } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { alignedCounting } from '../support/counting';
import { engines } from '../support/engines';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
const CHUNK = 16 * KiB;

describe.each(engines)('a SegmentAppender by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, preallocate: MiB, ...options });

  test('random appends, flushes, cuts and reopenings leave what they leave in a Buffer', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const path = scratchPath();
    const options = (): AppenderOptions => ({
      chunk: random.pick([BLOCK, CHUNK, 128 * KiB]),
      preallocate: random.pick([0, 64 * KiB, MiB]),
      writeBehind: random.pick([1000, 100_000, MiB]),
      direct: random.pick(['prefer', 'off']),
    });
    let log = await open(path, options());
    let model = Buffer.alloc(0);
    let pending: Promise<unknown>[] = [];
    let durable = 0;
    const append = (data: IoBuf | Buffer): void => {
      const start = model.length;
      model = Buffer.concat([model, data instanceof IoBuf ? data.toBuffer() : data]);
      pending.push(log.append(data).then((position) => expect(position).toBe(start)));
      if (data instanceof IoBuf) data.release();
    };
    for (let operation = 0; operation < 400; operation++) {
      const kind = random.upTo(19);
      if (kind < 9) append(random.bytes(random.size(40_000)));
      else if (kind < 11) append(IoBuf.from(random.bytes(random.size(200_000))));
      else if (kind < 12) append(alignedCounting(BLOCK * (1 + random.upTo(40))).append(random.bytes(random.size(BLOCK))));
      else if (kind < 13) append(random.bytes((BLOCK - (model.length % BLOCK)) % BLOCK));
      else if (kind < 16) pending.push(log.flush());
      else if (kind < 17) await new Promise((resolve) => setImmediate(resolve));
      else {
        await Promise.all(pending);
        pending = [];
        expect(log.position).toBe(model.length);
        const size = Math.max(0, model.length - random.size(model.length));
        if (kind === 17) {
          await log.flush();
          expect(log.durable).toBe(model.length);
          expect(readFileSync(path).subarray(0, model.length).equals(model)).toBe(true);
        } else if (kind === 18) {
          await log.truncate(size);
          model = model.subarray(0, size);
        } else {
          await log.close();
          expect(readFileSync(path).equals(model)).toBe(true);
          log = await open(path, { ...options(), position: size });
          model = model.subarray(0, size);
        }
        durable = 0;
      }
      expect(log.durable).toBeGreaterThanOrEqual(durable);
      durable = log.durable;
    }
    await Promise.all(pending);
    await log.close();
    expect(readFileSync(path).equals(model)).toBe(true);
  });
});
