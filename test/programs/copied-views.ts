// Where views are copies, what is written into them still arrives. COREBUF_COPY_VIEWS=1 is set; runs the case that is named.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attach, capabilities, DmaBuffer, DmaFile, IoBuf, ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';

const [, , which, path] = process.argv;

/** Written through every kind of view there is. */
function written(): { block: DmaBuffer; bytes: Buffer } {
  const block = DmaBuffer.alloc(8192, { zero: true });
  block.bytes.write('bytes', 0);
  block.view(BigUint64Array, 64, 2)[1] = 0x1122334455667788n;
  block.view(DataView, 4097).setUint32(0, 0xdeadbeef);
  block.bytes.subarray(8000).subarray(100).write('subarray');
  const bytes = Buffer.alloc(8192);
  bytes.write('bytes', 0);
  bytes.writeBigUInt64LE(0x1122334455667788n, 72);
  bytes.writeUInt32BE(0xdeadbeef, 4097);
  bytes.write('subarray', 8100);
  return { block, bytes };
}

function manyFragments(): { chain: IoBuf; bytes: Buffer } {
  const parts = Array.from({ length: 300 }, (_, number) => Buffer.alloc(1 + ((number * 37) % 700), number));
  const chain = new IoBuf();
  for (const part of parts) chain.take(IoBuf.from(part));
  assert.ok(chain.fragmentCount >= 300);
  return { chain, bytes: Buffer.concat(parts) };
}

const cases: Record<string, () => void | Promise<void>> = {
  capabilities() {
    assert.equal(capabilities().externalBuffers, false);
    const block = DmaBuffer.alloc(16);
    const { bytes } = block;
    assert.equal(block.bytes, bytes);
    block.release();
    assert.equal(bytes.length, 16);
  },

  async file() {
    const { block, bytes } = written();
    await using file = await DmaFile.open(path!, 'w+');
    await file.write(0, block);
    assert.ok(readFileSync(path!).equals(bytes));
    block.bytes.write('again', 0);
    await file.write(8192, new IoBuf().take(block));
    bytes.write('again', 0);
    assert.ok(readFileSync(path!).subarray(8192).equals(bytes));
    using read = await file.read(0, 16_384);
    assert.equal(read.toString('latin1', 8192, 8197), 'again');
  },

  chain() {
    const { block, bytes } = written();
    using shared = block.share(4096);
    assert.ok(shared.bytes.equals(bytes.subarray(4096)));
    block.bytes.write('later', 4096);
    using later = block.share(4096);
    assert.equal(later.bytes.toString('latin1', 0, 5), 'later');
    using chain = IoBuf.from('front').take(block);
    bytes.write('later', 4096);
    assert.ok(chain.toBuffer(5).equals(bytes));
  },

  async shard() {
    const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 1, memory: '16MiB' });
    const { block, bytes } = written();
    const back = (await group.shard(0).echo(block)) as DmaBuffer;
    assert.ok(back.bytes.equals(bytes));
    back.bytes.write('returned');
    bytes.write('returned');
    const again = (await group.shard(0).echo([back])) as DmaBuffer[];
    assert.ok(again[0]!.bytes.equals(bytes));
    again[0]!.release();
    const { chain, bytes: text } = manyFragments();
    const echoed = (await group.shard(0).echo(chain)) as IoBuf;
    assert.ok(Buffer.concat([...echoed]).equals(text));
    echoed.release();
    await group.close();
  },

  reading() {
    const { chain, bytes } = manyFragments();
    assert.ok(Buffer.concat([...chain]).equals(bytes));
    assert.deepEqual([...chain].length, chain.fragmentCount);
    const reader = chain.reader();
    let at = 0;
    for (; reader.has(17); at += 17) {
      assert.equal(reader.readUInt32BE(), bytes.readUInt32BE(at));
      assert.equal(reader.readUInt8(), bytes[at + 4]);
      using part = reader.share(9);
      assert.ok(part.toBuffer().equals(bytes.subarray(at + 5, at + 14)));
      assert.ok(reader.readBytes(3).equals(bytes.subarray(at + 14, at + 17)));
    }
    chain.trimFront(1000).append('the end');
    assert.ok(Buffer.concat([...chain]).equals(Buffer.concat([bytes.subarray(1000), Buffer.from('the end')])));
    const anew = chain.reader();
    assert.equal(anew.readUInt32LE(), bytes.readUInt32LE(1000));
    anew.position = chain.length - 7;
    assert.equal(anew.readUInt8(), 't'.charCodeAt(0));
    chain.append('ing');
    anew.position = chain.length - 4;
    assert.equal(anew.readUInt32BE(), Buffer.from('ding').readUInt32BE());
    chain.release();
  },

  transferred() {
    const { block, bytes } = written();
    using shared = block.share();
    block.bytes.write('lost', 0);
    structuredClone(block.bytes.buffer, { transfer: [block.bytes.buffer as ArrayBuffer] });
    using again = block.share();
    assert.ok(again.bytes.equals(bytes));
    assert.ok(block.bytes.equals(bytes));
    block.view(Uint8Array)[0] = 0x42;
    using chain = new IoBuf().take(block);
    assert.equal(chain.toString('latin1', 0, 5), 'Bytes');
    assert.equal(shared.length, 8192);
  },

  slack() {
    const chain = new IoBuf();
    let text = '';
    for (let number = 0; number < 5000; number++) {
      chain.append(`${number},`);
      text += `${number},`;
      if (number % 100 === 0) assert.equal(Buffer.concat([...chain]).toString(), text);
    }
    assert.equal(chain.toString(), text);
    chain.release();
  },
};

attach({ memory: '64MiB' });
void cases[which!]!();
