// Which segments of a log go, because they are too old, too much, or before the first offset. The last segment stays.
import type { LogConfig } from './log-config.js';
import type { SegmentFiles } from './segment-files.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';

export interface RetentionLimits extends Pick<LogConfig, 'retentionBytes' | 'retentionMs'> {
  readonly startOffset: number;
  /** Offset up to which recovery needs no batches: it knows their producers from the checkpoint. */
  readonly savedOffset: number;
  /** Time in milliseconds. */
  readonly now: number;
}

/** Offset of the first segment that stays; undefined when all do. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
export async function firstKept(segments: SegmentList, limits: RetentionLimits): Promise<number | undefined> {
  const finished = segments.all.slice(0, -1);
  let bytes = segments.last.size;
  for (const segment of finished) bytes += await segment.fileSize();
  let kept: number | undefined;
  for (const segment of finished) {
    const end = segments.endOf(segment);
    const tooMuch = limits.retentionBytes >= 0 && bytes > limits.retentionBytes;
    const goes = end <= limits.startOffset || tooMuch || (await isTooOld(segments, segment, limits));
    if (!goes || end > limits.savedOffset) break;
    kept = end;
    bytes -= await segment.fileSize();
  }
  return kept;
}

/** Whether the newest record of a segment is too old; records without a time are as old as the last append. @throws as firstKept() */
export async function isTooOld(segments: SegmentList, segment: Segment, { retentionMs, now }: Pick<RetentionLimits, 'retentionMs' | 'now'>): Promise<boolean> {
  if (retentionMs < 0) return false;
  const { end, maxTime } = await segments.indexOf(segment);
  return end > 0 && now - (maxTime < 0 ? await segment.lastAppend() : maxTime) > retentionMs;
}

/** Removes the segments that end at `offset` or before, the oldest first. @throws node:fs's errors */
export async function removeBefore(segments: SegmentList, offset: number, files: SegmentFiles): Promise<void> {
  while (segments.first !== segments.last && segments.endOf(segments.first) <= offset) {
    const { first } = segments;
    segments.removeFirst();
    await files.forget(first.path);
    await first.remove();
  }
}
