// Opens the log that it is told of, prints how that went, and holds the log until its stdin ends.
import { SegmentAppender } from 'corebuf';
import type { CorebufError } from 'corebuf';

async function main(path: string): Promise<void> {
  try {
    const log = await SegmentAppender.open(path);
    console.log('locked');
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.once('end', resolve));
    await log.close();
  } catch (error) {
    const { code, path: of } = error as CorebufError;
    console.log(`${code} ${of === path}`);
  }
}

void main(process.argv[2]!);
