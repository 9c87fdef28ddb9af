// Produces to the log in the folder that is its first argument, until it is killed. Four idempotent producers go on where the log says that
// they were; each has up to five batches under way, and prints a line for each that is acknowledged: producer, sequence, offset.
import { writeSync } from 'node:fs';
import { IoBuf } from 'corebuf';
import { LogStore } from '../../../dist/log/log-store.js';
import { PartitionLog } from '../../../dist/log/partition-log.js';

const [folder, ...next] = process.argv.slice(2);
const IN_FLIGHT = 5;

const store = new LogStore();
const log = await PartitionLog.open(folder, { segmentBytes: 100_000 }, store);

function batchOf(producer, sequence) {
  const value = `${producer}:${sequence}:${'x'.repeat((sequence * 37) % 2000)}`;
  const record = new IoBuf().appendInt8(0).appendVarlong(0n).appendVarint(0).appendVarint(-1);
  record.appendVarint(value.length).append(value).appendVarint(0);
  const checked = new IoBuf().appendInt16BE(0).appendInt32BE(0).appendBigInt64BE(0n).appendBigInt64BE(0n);
  checked.appendBigInt64BE(BigInt(producer)).appendInt16BE(0).appendInt32BE(sequence).appendInt32BE(1);
  checked.appendVarint(record.length).append(record);
  const batch = new IoBuf().appendBigInt64BE(0n).appendInt32BE(checked.length + 9).appendInt32BE(-1).appendInt8(2);
  return batch.appendUInt32BE(checked.crc32c()).append(checked);
}

function send(producer, sequence) {
  const { baseOffset, durable } = log.append(batchOf(producer, sequence), { leaderEpoch: 0, acks: -1 });
  durable.then(() => {
    writeSync(1, `${producer} ${sequence} ${baseOffset}\n`);
    send(producer, sequence + IN_FLIGHT);
  });
}

for (const [producer, sequence] of next.entries()) for (let at = 0; at < IN_FLIGHT; at++) send(producer, Number(sequence) + at);
