// Warnings of requests for more than 128 KiB of contiguous memory: fragmentation can refuse these while memory is free. They are off unless
// `ShardOptions.warnAbove` or COREBUF_WARN_ABOVE names a size. Each warning doubles that size, so that a loop does not flood the log.
import { constants } from '../native/binding.js';
import { formatByteSize } from '../base/byte-size.js';
import { callerStack } from '../base/caller-stack.js';
import { state } from './state.js';

/** Notes a request for so many contiguous bytes. Costs a comparison when there is no warning. */
export function noteRequest(bytes: number): void {
  if (bytes > state.warnAbove) warn(bytes);
}

function warn(bytes: number): void {
  state.warnAbove = bytes * 2;
  process.emitWarning(
    `${formatByteSize(bytes)} of contiguous memory were requested. Fragmented memory may refuse that; chains need at most ` +
      `${formatByteSize(constants.slabSlotMax)} at a time. The next warning comes above ${formatByteSize(state.warnAbove)}.\n${callerStack()}`,
    'CorebufLargeRequest',
  );
}
