// A log for each shard, which appends durably: the test of a platform calls it.
import { SegmentAppender, serve, thisShard } from 'corebuf';
import type { IoBuf } from 'corebuf';
import { workerData } from 'node:worker_threads';

export const durable = serve(async () => {
  const file = await SegmentAppender.open(`${(workerData as { folder: string }).folder}/shard-${thisShard.index}.log`);
  return {
    async append(record: IoBuf): Promise<number> {
      using mine = record;
      await file.append(mine);
      await file.flush();
      return file.durable;
    },
    close: () => file.close(),
  };
});

export type Durable = typeof durable;
