// The parts of an appender that hold its invariants, each for itself.
import { Random } from '../support/random';
import { turn } from '../support/turns';
import { InFlight } from '../../lib/io/in-flight';
import { GroupCommit } from '../../lib/log/group-commit';
import { LogState } from '../../lib/log/log-state';
import { WriteOrder } from '../../lib/log/write-order';
import { WriteSchedule } from '../../lib/log/write-schedule';

const bug = /^corebuf has a bug/;

test('durable <= written <= accepted, or it is a bug of ours', () => {
  const state = new LogState(100);
  expect([state.accepted, state.written, state.durable]).toEqual([100, 100, 100]);
  state.accept(50);
  expect(() => state.advanceDurable(101)).toThrow(bug);
  expect(() => state.advanceWritten(151)).toThrow(bug);
  state.advanceWritten(120);
  expect(() => state.advanceWritten(119)).toThrow(bug);
  expect(() => state.cut(100)).toThrow(bug);
  state.advanceDurable(120);
  state.advanceDurable(110);
  expect([state.accepted, state.written, state.durable]).toEqual([150, 120, 120]);
  state.advanceWritten(150);
  state.cut(110);
  expect([state.accepted, state.written, state.durable]).toEqual([110, 110, 110]);
});

test('the first failure is the one that stays', () => {
  const state = new LogState(0);
  state.throwIfFailed();
  expect(state.failed).toBe(false);
  expect(state.fail(undefined)).toBe(true);
  expect(state.fail(new Error('later'))).toBe(false);
  expect(state.failed).toBe(true);
  expect(() => state.throwIfFailed()).toThrow();
});

test('written advances over writes before which all have ended, in whatever order they end', () => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  for (let round = 0; round < 200; round++) {
    const state = new LogState(0);
    const order = new WriteOrder(state);
    const writes = Array.from({ length: 1 + random.upTo(8) }, (_, at) => ({ start: at * 10, length: 10, end: at * 10 + 10, done: false }));
    state.accept(writes.length * 10);
    for (const write of writes) order.begin(write);
    expect(() => order.cut()).toThrow(bug);
    const left = [...writes];
    while (left.length > 0) {
      const [ended] = left.splice(random.upTo(left.length - 1), 1);
      order.end(ended!);
      expect(() => order.end(ended!)).toThrow(bug);
      const missing = writes.findIndex(({ done }) => !done);
      expect(state.written).toBe((missing < 0 ? writes.length : missing) * 10);
    }
    order.cut();
  }
});

test('operations that are in flight end once, and whenIdle() waits for all of them', async () => {
  const operations = new InFlight();
  await operations.whenIdle();
  expect(() => operations.end()).toThrow(bug);
  operations.begin();
  operations.begin();
  let idle = 0;
  for (let waiter = 0; waiter < 2; waiter++) void operations.whenIdle().then(() => idle++);
  operations.end();
  await turn();
  expect(idle).toBe(0);
  operations.end();
  operations.begin(); // Before those who wait have heard of it.
  await turn();
  expect(idle).toBe(0);
  operations.end();
  await turn();
  expect([idle, operations.count]).toEqual([2, 0]);
});

describe('a schedule of writes', () => {
  let begun = 0;
  let waitedFor = false;
  let schedule: WriteSchedule;
  beforeEach(() => {
    [begun, waitedFor] = [0, false];
    schedule = new WriteSchedule(() => begun++, () => waitedFor);
  });

  test('begins once, after the job that asked and the jobs that it caused', async () => {
    const seen: number[] = [];
    process.nextTick(() => {
      schedule.schedule();
      schedule.schedule();
      void Promise.resolve().then(() => seen.push(begun));
    });
    await turn();
    expect([seen, begun]).toEqual([[0], 1]);
  });

  test('waits for a commit that was announced, as long as nobody waits for a write', async () => {
    schedule.schedule();
    schedule.announceCommit();
    await turn();
    expect(begun).toBe(0);
    schedule.commitArrived();
    expect(begun).toBe(1);
    schedule.announceCommit();
    waitedFor = true;
    schedule.schedule();
    await turn();
    expect(begun).toBe(2);
  });
});

test('a group commit is announced when it is asked for, and one that waits for another when that has ended', async () => {
  const told: string[] = [];
  let end = (): void => undefined;
  const commits = new GroupCommit({
    announce: () => told.push('announced'),
    run: () => {
      told.push('run');
      return new Promise((resolve) => (end = resolve));
    },
  });
  const first = commits.join();
  expect([told, commits.join() === first]).toEqual([['announced'], true]);
  await turn();
  expect(told).toEqual(['announced', 'run']);
  const second = commits.join();
  expect(second).not.toBe(first);
  await turn();
  expect(told).toEqual(['announced', 'run']);
  end();
  await first;
  await turn();
  expect(told).toEqual(['announced', 'run', 'announced', 'run']);
  end();
  await second;
});
