// The memory table of a shard, for people: totals first, then one line per size class.
import { formatByteSize } from '../base/byte-size.js';
import type { MemoryStats } from './this-shard.js';

export function memoryTable(shard: number, stats: MemoryStats): string {
  const percent = ((stats.used / stats.budget) * 100).toFixed(1);
  const lines = [
    `shard ${shard}: ${formatByteSize(stats.used)} used of ${formatByteSize(stats.budget)} (${percent} %), ` +
      `${formatByteSize(stats.committed)} committed, ${stats.liveObjects} live objects`,
    `buffers hold ${formatByteSize(stats.pinned)} of slabs and ${formatByteSize(stats.wrapped)} of JavaScript's memory; chains refer to ` +
      formatByteSize(stats.referenced),
    `allocations ${stats.allocations}, frees ${stats.frees}, failures ${stats.failures}; frees sent home ${stats.remoteFreesSent}, ` +
      `come home ${stats.remoteFreesReceived}, waiting ${stats.remoteFreesPending}; leaks reclaimed ${stats.leaksReclaimed}`,
    '  slot size       used       free      slabs     in use',
  ];
  for (const { size, used, free, slabs } of stats.classes) {
    const cells = [String(size).padStart(11), String(used).padStart(11), String(free).padStart(11), String(slabs).padStart(11)];
    lines.push(`${cells.join('')}${formatByteSize(used * size).padStart(12)}`);
  }
  const inSlots = stats.classes.reduce((sum, { size, used }) => sum + size * used, 0);
  lines.push(`  in spans of their own: ${formatByteSize(stats.used - inSlots)}`);
  return lines.join('\n');
}
