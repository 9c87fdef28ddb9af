// The claim of the ledger: from a socket to the disk of another shard, every payload byte is copied exactly twice.
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { IoBuf, stats, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { PathService } from '../workers/byte-path';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { until } from '../support/turns';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const BLOCK = 4096;
const PAYLOAD = 96 * BLOCK;

/** Sends `payload` to ourselves; what comes in is appended chunk by chunk, and nothing else. */
async function throughSocket(payload: Buffer): Promise<IoBuf> {
  const server = createServer((socket) => socket.end(payload)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const received = new IoBuf();
  for await (const chunk of socket) received.append(chunk as Buffer);
  server.close();
  received.crc32c(); // Bytes in the slack are counted at the next native call.
  return received;
}

type Copied = Record<string, number>;

function copiedHere(): Copied {
  return stats().ledger.copied;
}

/** Payload bytes copied; what messages say about themselves is counted under `message`. */
function payloadCopies(after: Copied, before: Copied): Copied {
  const places = Object.keys(after).filter((place) => place !== 'message');
  return Object.fromEntries(places.map((place) => [place, after[place]! - before[place]!]));
}

describe('a byte on its way from a socket to the disk of another shard', () => {
  let group: ShardGroup<PathService>;
  beforeEach(async () => {
    group = await startGroup<PathService>(workerModule('byte-path'));
  });

  testOfZeroCopy('is copied once when it comes in, not at all when it hops, and once into aligned memory', async () => {
    const payload = new Random().bytes(PAYLOAD);
    const path = scratchPath();
    const [here, there] = [copiedHere(), await group.shard(1).copied()];

    const received = await throughSocket(payload);
    const afterReceiving = copiedHere();
    expect(payloadCopies(afterReceiving, here)).toEqual({ append: PAYLOAD, copyTo: 0, toBuffer: 0, receive: 0 });

    await group.shard(1).receive(received);
    expect(received.released).toBe(true);
    const [hopped, arrived] = [copiedHere(), await group.shard(1).copied()];
    const writtenBefore = await group.shard(1).written();
    expect(payloadCopies(hopped, afterReceiving)).toEqual({ append: 0, copyTo: 0, toBuffer: 0, receive: 0 });
    expect(payloadCopies(arrived, there)).toEqual({ append: 0, copyTo: 0, toBuffer: 0, receive: 0 });
    // The messages themselves are small, whatever they carry.
    expect(hopped['message']! - afterReceiving['message']!).toBeLessThan(100);

    expect(await group.shard(1).persist(path)).toBe(PAYLOAD);
    const written = await group.shard(1).copied();
    expect(payloadCopies(written, arrived)).toEqual({ append: 0, copyTo: PAYLOAD, toBuffer: 0, receive: 0 });
    expect((await group.shard(1).written()) - writtenBefore).toBe(PAYLOAD);

    const copies = [payloadCopies(copiedHere(), here), payloadCopies(written, there)].flatMap((counted) => Object.values(counted));
    expect(copies.reduce((sum, copied) => sum + copied, 0) / PAYLOAD).toBe(2);
    expect(readFileSync(path).equals(payload)).toBe(true);
  });

  test('is released at home when the other shard is done with it', async () => {
    const before = thisShard.memory.stats();
    const there = await group.shard(1).memory();
    const received = await throughSocket(Buffer.alloc(PAYLOAD, 1));
    const fragments = received.fragmentCount;
    await group.shard(1).receive(received);
    expect(thisShard.memory.stats().liveObjects).toBeGreaterThanOrEqual(before.liveObjects + fragments);
    expect((await group.shard(1).memory()).liveObjects).toBe(there.liveObjects);

    await group.shard(1).persist(scratchPath());
    await until(
      () => thisShard.memory.stats().liveObjects === before.liveObjects,
      () => `${thisShard.memory.stats().liveObjects} objects live, ${before.liveObjects} lived before`,
    );
    expect(thisShard.memory.stats().remoteFreesReceived - before.remoteFreesReceived).toBe(fragments);
    const done = await group.shard(1).memory();
    expect(done.remoteFreesSent - there.remoteFreesSent).toBe(fragments);
    expect(done.liveObjects).toBe(there.liveObjects);
  });

  test('is not copied at all when a record is cut out of the chain and handed on', async () => {
    using received = await throughSocket(Buffer.alloc(PAYLOAD, 2));
    const before = stats();
    const reader = received.reader().skip(1000);
    const records = Array.from({ length: 20 }, () => reader.share(5000));
    for (const record of records) expect(await group.shard(0).lengthOf(record)).toBe(5000);
    expect(payloadCopies(stats().ledger.copied, before.ledger.copied)).toEqual({ append: 0, copyTo: 0, toBuffer: 0, receive: 0 });
    expect(stats().ledger.shared).toBeGreaterThan(before.ledger.shared);
  });
});
