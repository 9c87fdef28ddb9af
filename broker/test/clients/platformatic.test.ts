// The broker as @platformatic/kafka uses it: newer versions of most requests, topics by their ids.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addressOf, startBroker } from './broker';

test('what two idempotent producers send, a consumer of a group gets', async () => {
  const address = addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 }));
  const program = join(__dirname, 'platformatic-client.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, address], { timeout: 30_000 });
  const expected = Array.from({ length: 20 }, (_, at) => `value ${at}`);
  expect((JSON.parse(stdout) as string[]).sort()).toEqual(expected.sort());
});
