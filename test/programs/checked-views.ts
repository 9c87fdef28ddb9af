// Checked mode: what a stale view shows once its bytes have gone. Runs the case that is named.
import assert from 'node:assert/strict';
import { attach, DmaBuffer, IoBuf, ShardGroup } from 'corebuf';
import { join } from 'node:path';
import type { ServiceUnderTest } from '../workers/service';

const POISON = 0xde;

/** A chain of 100 000 bytes in several fragments, a view of each, and the length of the first. */
function shownChain(): { chain: IoBuf; views: Buffer[]; first: number } {
  const chain = IoBuf.from(Buffer.alloc(600, 'a'));
  chain.take(IoBuf.from(Buffer.alloc(70_000, 'b'))).take(IoBuf.from(Buffer.alloc(1000, 'c')));
  const views = [...chain];
  assert.ok(views.length >= 3);
  return { chain, views, first: views[0]!.length };
}

function lengths(views: readonly ArrayBufferView[]): number[] {
  return views.map(({ byteLength }) => byteLength);
}

const cases: Record<string, () => void | Promise<void>> = {
  release() {
    const block = DmaBuffer.alloc(4096);
    const { bytes } = block;
    const views = [bytes, block.view(BigUint64Array, 64), bytes.subarray(100, 200), bytes.subarray(100, 200).subarray(3)];
    const dataView = block.view(DataView, 1);
    const { chain, views: ofChain } = shownChain();
    views.push(...ofChain, ofChain[0]!.subarray(1));
    assert.ok(lengths(views).every((length) => length > 0));
    block.release();
    chain.release();
    assert.deepEqual(lengths(views), views.map(() => 0));
    assert.throws(() => dataView.getInt8(0), TypeError);
  },

  take() {
    const block = DmaBuffer.alloc(4096);
    block.bytes.fill('x');
    const { bytes } = block;
    const { chain, views } = shownChain();
    const all = [bytes, ...views];
    const before = all.map((view) => view.toString());
    const target = IoBuf.from('front').take(block).take(chain);
    assert.deepEqual(all.map((view) => view.toString()), before);
    bytes[0] = 0x79;
    assert.equal(target.toString('latin1', 5, 7), 'yx');
    assert.equal([...target][1]!.buffer, bytes.buffer, 'the target shows its new fragment through another ArrayBuffer');
    target.release();
    assert.deepEqual(lengths(all), all.map(() => 0));
  },

  trimFront() {
    const { chain, views, first } = shownChain();
    chain.trimFront(first);
    assert.equal(views[0]!.length, 0);
    assert.ok(lengths(views.slice(1)).every((length) => length > 0));
    assert.equal([...chain][0]!.buffer, views[1]!.buffer, 'a view that is kept is not shown again');
    chain.trimFront(1);
    assert.equal(views[1]!.length, 0, 'a fragment that has lost a byte is shown anew');
    assert.equal([...chain][0]![0], 0x62);
    chain.release();
    assert.deepEqual(lengths(views), views.map(() => 0));
  },

  trimBack() {
    const { chain, views, first } = shownChain();
    chain.trimBack(1001);
    assert.equal(views.at(-1)!.length, 0);
    assert.equal(views.at(-2)!.length, 0, 'a fragment that has lost a byte is shown anew');
    assert.equal(views[0]!.length, first);
    assert.equal([...chain][0]!.buffer, views[0]!.buffer, 'a view that is kept is not shown again');
    chain.release();
    assert.deepEqual(lengths(views), views.map(() => 0));
  },

  async clear() {
    const { chain, views } = shownChain();
    chain.clear();
    assert.deepEqual(lengths(views), views.map(() => 0));
    const [again] = [...chain.append('again')];
    assert.equal(again!.toString(), 'again');
    const clearing = chain.clearAsync();
    assert.equal(again!.length, 0);
    await clearing;
    chain.release();
  },

  takeFront() {
    const { chain, views, first } = shownChain();
    const front = chain.takeFront(first);
    assert.equal(views[0]!.toString(), 'a'.repeat(first));
    chain.release();
    assert.deepEqual(lengths(views), views.map((_, at) => (at === 0 ? first : 0)));
    front.release();
    assert.equal(views[0]!.length, 0);
  },

  async send() {
    const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 1, memory: '16MiB', maxInFlight: 1 });
    const sent = shownChain();
    const queued = shownChain();
    const block = DmaBuffer.alloc(4096);
    const views = [...sent.views, ...queued.views, block.bytes, block.view(Uint32Array)];
    // The second and the third wait their turn: they are the call's already.
    const answers = [group.shard(0).release(sent.chain), group.shard(0).release(queued.chain), group.shard(0).release(block)];
    assert.deepEqual(lengths(views), views.map(() => 0));
    await Promise.all(answers);
    await group.close();
  },

  poison() {
    for (const length of [16, 100, 4096, 70_000, 300_000]) {
      const block = DmaBuffer.alloc(length, { alignment: 16 });
      block.bytes.fill('s');
      const part = block.share(0, 8);
      block.release();
      assert.equal(part.bytes.toString(), 'ssssssss', 'what somebody refers to was freed');
      part.release();
      using again = DmaBuffer.alloc(length, { alignment: 16 });
      assert.ok(again.bytes.equals(Buffer.alloc(length, POISON)), `of ${length} freed bytes some are as they were`);
    }
  },

  oneBuffer() {
    const block = DmaBuffer.alloc(256);
    assert.equal(block.bytes.buffer, block.view(Uint16Array).buffer);
    const { chain, views } = shownChain();
    assert.deepEqual([...chain].map(({ buffer }, at) => buffer === views[at]!.buffer), views.map(() => true));
    const all = [block.bytes, ...views];
    assert.equal(new Set(all.map(({ buffer }) => buffer)).size, all.length);
    for (const { buffer, byteOffset, byteLength } of all) assert.deepEqual([byteOffset, buffer.byteLength], [0, byteLength]);
    block.release();
    chain.release();
  },

  growing() {
    const chain = IoBuf.from('one');
    const [early] = [...chain];
    chain.append(' two');
    const [late] = [...chain];
    assert.deepEqual([early!.toString(), late!.toString()], ['one', 'one two']);
    chain.release();
    assert.deepEqual(lengths([early!, late!]), [0, 0]);
  },

  prepend() {
    const { chain, views, first } = shownChain();
    chain.prepend('in front');
    assert.equal(views[0]!.toString(), 'a'.repeat(first), 'a view moves with its bytes');
    assert.ok([...chain].some(({ buffer }) => buffer === views[1]!.buffer), 'a view that is kept is not shown again');
    chain.trimFront(8 + first);
    assert.deepEqual([views[0]!.length, views[1]!.length > 0], [0, true]);
    chain.release();
    assert.deepEqual(lengths(views), views.map(() => 0));
  },

  coalesce() {
    const { chain, views } = shownChain();
    const whole = chain.coalesce();
    assert.deepEqual(lengths(views), views.map(() => 0));
    assert.deepEqual([whole.length, whole.byteOffset, whole.buffer.byteLength], [chain.length, 0, chain.length]);
    assert.equal(chain.coalesce().buffer, whole.buffer);
    chain.release();
    assert.equal(whole.length, 0);
  },

  placeholder() {
    const chain = IoBuf.from('ab');
    const hole = chain.reserve(4);
    chain.append('yz');
    const { bytes } = hole;
    bytes.write('cd');
    hole.write(Buffer.from('ef'), 2);
    assert.deepEqual([bytes.toString(), bytes.buffer.byteLength, chain.toString()], ['cdef', 4, 'abcdefyz']);
    assert.equal(hole.bytes.buffer, bytes.buffer);
    chain.release();
    assert.equal(bytes.length, 0);
  },

  oneOfTwo() {
    const chain = IoBuf.from('both');
    const other = chain.share();
    const [mine] = [...chain];
    const [yours] = [...other];
    chain.release();
    assert.deepEqual([mine!.length, yours!.toString()], [0, 'both']);
    other.release();
    assert.equal(yours!.length, 0);
  },
};

if (process.argv[3] === 'option') attach({ checked: true, memory: '64MiB' });
void cases[process.argv[2]!]!();
