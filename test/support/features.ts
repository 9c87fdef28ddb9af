// Tests of what not every system has. Where capabilities() says that it is missing, they are skipped, and their names say why.
import { capabilities } from 'corebuf';

type Feature = 'allocation' | 'directIo' | 'durableWrites';

export function testWhere(feature: Feature, name: string, run: jest.ProvidesCallback): void {
  if (capabilities()[feature]) test(name, run);
  else test.skip(`${name} (capabilities().${feature} is false)`, run);
}

/** Of what the system tells of threads by their names, which the POSIX side does not give. */
export function testWithThreadNames(name: string, run: jest.ProvidesCallback): void {
  const { backend } = capabilities();
  if (backend === 'linux') test(name, run);
  else test.skip(`${name} (capabilities().backend is ${backend})`, run);
}
