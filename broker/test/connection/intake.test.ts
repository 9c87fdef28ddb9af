// The bound on what clients make a shard hold.
import { Intake } from '../../connection/intake';
import type { Holder } from '../../connection/intake';

const STALLED_MS = 20;

class Client implements Holder {
  bytesReceived = 0;
  hasGivenUp = false;

  giveUp(): void {
    this.hasGivenUp = true;
  }
}

test('sessions that wait go on in their order while there is room', () => {
  const intake = new Intake(10);
  intake.begin(6);
  intake.begin(6);
  expect(intake.isFull).toBe(true);
  const order: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    intake.wait(() => {
      order.push(name);
      intake.begin(6);
    });
  }
  intake.end(6);
  expect([order, intake.bytes]).toEqual([['a'], 12]);
  intake.end(12);
  expect([order, intake.bytes]).toEqual([['a', 'b', 'c'], 12]);
});

test('requests that arrive have half of it, and one may have more when it is alone', () => {
  const intake = new Intake(10);
  const [one, other] = [new Client(), new Client()];
  expect(intake.tryArrive(9, one)).toBe(true);
  expect(intake.tryArrive(1, other)).toBe(false);
  expect(intake.isFull).toBe(false);
  const goOn = jest.fn();
  intake.wait(goOn);
  intake.arrived(9, one);
  expect(goOn).toHaveBeenCalledTimes(1);
  expect([intake.tryArrive(3, one), intake.tryArrive(2, other), intake.tryArrive(1, new Client())]).toEqual([true, true, false]);
});

test('a client that sends nothing loses its room when somebody waits for it, and one that sends keeps it', async () => {
  const intake = new Intake(10, STALLED_MS);
  const [silent, busy] = [new Client(), new Client()];
  intake.tryArrive(2, silent);
  intake.tryArrive(2, busy);
  await new Promise((resolve) => setTimeout(resolve, 3 * STALLED_MS));
  expect(silent.hasGivenUp).toBe(false);
  const sending = setInterval(() => busy.bytesReceived++, 1);
  intake.wait(() => undefined);
  while (!silent.hasGivenUp) await new Promise((resolve) => setTimeout(resolve, 1));
  clearInterval(sending);
  expect(busy.hasGivenUp).toBe(false);
});
