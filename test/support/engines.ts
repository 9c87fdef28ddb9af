// The engines that this machine has, for suites that all of them must pass.
import { capabilities } from 'corebuf';

export type EngineName = 'io_uring' | 'threads';

export const engines: EngineName[] = capabilities().ioUring === true ? ['io_uring', 'threads'] : ['threads'];
