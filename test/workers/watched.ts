// A shard with something to see: calls to its neighbour, an appender, reads of an I/O class, a stall.
import { workerData } from 'node:worker_threads';
import { DmaFile, ioClass, IoBuf, SegmentAppender, serve, thisShard } from 'corebuf';
import type { Remote } from 'corebuf';

const folder = workerData as string;

function blockFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

let log: SegmentAppender | undefined;

const watched = {
  echo: (value: number): number => value,
  async callNeighbour(index: number, calls: number): Promise<void> {
    const neighbour = thisShard.group!.shard(index) as Remote<typeof watched>;
    for (let call = 0; call < calls; call++) await neighbour.echo(call);
  },
  /** Accepts so many bytes, of which the first are durable and the last are not. */
  async append(durable: number, more: number): Promise<string> {
    log ??= await SegmentAppender.open(`${folder}/log-${thisShard.index}`);
    await log.append(Buffer.alloc(durable));
    await log.flush();
    await log.append(Buffer.alloc(more));
    return log.path;
  },
  positions: (): [accepted: number, durable: number] => [log!.position, log!.durable],
  async closeLog(): Promise<void> {
    await log?.close();
    log = undefined;
  },
  async read(name: string, times: number): Promise<void> {
    const file = await DmaFile.open(`${folder}/data-${thisShard.index}`, 'w+', { class: ioClass(name) });
    await file.truncate(4096);
    for (let time = 0; time < times; time++) (await file.read(0, 4096)).release();
    await file.close();
  },
  /** Copies, shares and moves bytes. */
  bytes(): void {
    using chain = IoBuf.from('a'.repeat(1000));
    using share = chain.share();
    using moved = share.takeFront(10);
    moved.toBuffer();
  },
  stall: (ms: number): void => blockFor(ms),
  exit: (): never => process.exit(1),
  [Symbol.asyncDispose]: async (): Promise<void> => log?.close(),
};

serve(watched);
export type Watched = typeof watched;
