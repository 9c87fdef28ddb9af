// An open file and an open appender with nothing under way: the process ends by itself.
import { DmaFile, SegmentAppender } from 'corebuf';

async function main(folder: string): Promise<void> {
  const file = await DmaFile.open(`${folder}/file`, 'w+');
  const log = await SegmentAppender.open(`${folder}/log`);
  await log.append('flushed');
  await log.flush();
  const chunks = file.chunks();
  await chunks.next();
  process.on('exit', () => console.log(log.durable, file.direct === log.direct));
}

void main(process.argv[2]!);
