// Lanes alone, in C++: what carries messages from one thread to one other.
import { nativeCases } from './harness/native.js';
import type { OpenSuite, Suite } from './harness/suite.js';

export const lane: Suite = {
  name: 'lane',
  about: "from thread to thread in C++: a lane's ring, and two shards, beside other queues",
  open(): OpenSuite {
    return { cases: nativeCases('lane') };
  },
};
