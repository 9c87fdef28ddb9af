import { expectWell } from '../support/program';

test('appenders, files and work in slices go on while every timer, tick and clock is faked as sinon fakes them', async () => {
  await expectWell('fake-timers', { patienceMs: 20_000 });
});
