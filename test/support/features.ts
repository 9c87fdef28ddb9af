// Tests of what not every system has. Where capabilities() says that it is missing, they are skipped, and their names say why.
import { capabilities } from 'corebuf';
import type { Capabilities } from 'corebuf';

type Feature = 'allocation' | 'directIo' | 'durableWrites' | 'sharedPorts';

export function testWhere(feature: Feature, name: string, run: jest.ProvidesCallback): void {
  testIf(Boolean(capabilities()[feature]), feature, name, run);
}

/** Of what the system tells of threads by their names, which the POSIX side does not give. */
export function testWithThreadNames(name: string, run: jest.ProvidesCallback): void {
  testIf(capabilities().backend === 'linux', 'backend', name, run);
}

function testIf(there: boolean, asked: keyof Capabilities, name: string, run: jest.ProvidesCallback): void {
  if (there) test(name, run);
  else test.skip(`${name} (capabilities().${asked} is ${String(capabilities()[asked])})`, run);
}
