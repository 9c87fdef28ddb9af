// A coordinator for each test, on a clock that the test turns, with clients of one group.
import { GroupCoordinator } from '../../groups/coordinator';
import type { CoordinatorOptions } from '../../groups/coordinator';
import { GroupMemory } from '../../groups/group-memory';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { Client } from './client';
import type { ClientOptions } from './client';
import { FakeClock, settled } from './fake-clock';

removeScratchAfterEach();

export let clock: FakeClock;
export let coordinator: GroupCoordinator;
export let memory: GroupMemory;
let folder: string;

beforeEach(async () => {
  clock = new FakeClock();
  folder = scratchPath();
  memory = new GroupMemory(1024 * 1024);
  await open();
});
afterEach(async () => {
  await coordinator.close();
  expect(memory.bytes).toBe(0);
});

const open = async (options: CoordinatorOptions = {}): Promise<void> => void (coordinator = await GroupCoordinator.open(folder, { clock, memory, ...options }));

/** Ends the coordinator, and opens one on the same folder. */
export async function reopen(options: CoordinatorOptions = {}): Promise<void> {
  await coordinator.close();
  await open(options);
}

export const client = (options: ClientOptions = {}): Client => new Client(coordinator, options);
export const stateOf = async (group = 'group'): Promise<string> => (await coordinator.describe([group], { apiVersion: 5 }))[0]!.groupState;

/** So many members, all joined: the first one is the leader. */
export async function joined(count: number, options: ClientOptions = {}): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => client(options));
  const answers = clients.map((one) => one.join());
  await settled();
  await clock.pass(6000);
  for (const { errorCode } of await Promise.all(answers)) expect(errorCode).toBe(0);
  return clients;
}

/** The same, with an assignment: the group is stable. */
export async function stable(count: number, options: ClientOptions = {}): Promise<Client[]> {
  const clients = await joined(count, options);
  const plan = Object.fromEntries(clients.map(({ memberId }, at) => [memberId, `part ${at}`]));
  const answers = await Promise.all(clients.map((one, at) => one.sync(at === 0 ? plan : {})));
  expect(answers.map(({ assignment }) => Buffer.from(assignment).toString())).toEqual(clients.map((_, at) => `part ${at}`));
  expect(await stateOf()).toBe('Stable');
  return clients;
}
