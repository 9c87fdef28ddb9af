// Features of this machine and of this Node.
import { readdirSync, readFileSync } from 'node:fs';
import { wrapping } from '../buffer/wrap.js';
import { native } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { viewMode } from '../shard/view-mode.js';

/** Features of this machine and this Node, as capabilities() returns them. */
export interface Capabilities {
  /**
   * The system that the binary was built for: 'linux' or 'darwin'. 'posix' is the part of both that needs neither; a checkout builds it for
   * tests.
   */
  backend: 'linux' | 'posix' | 'darwin';
  /** Engine of files that name none. */
  engine: 'io_uring' | 'threads';
  /** How shards ask which sockets are ready. */
  poller: 'epoll' | 'poll';
  /** True, or why not. */
  ioUring: boolean | string;
  /** The system has direct I/O (O_DIRECT, F_NOCACHE); whether a file system honours it shows in DmaFile.direct. */
  directIo: boolean;
  /** True, or why no buffers are registered with io_uring. */
  registeredBuffers: boolean | string;
  /** A durable write is one operation of the system; else a sync follows each. */
  durableWrites: boolean;
  /** Files can be given blocks and freed of them (DmaFile.allocate(), punch()); else logs grow with their writes. */
  allocation: boolean;
  /** Threads can be pinned to processors. */
  pinning: boolean;
  /** Shards can listen at one port, and the kernel spreads connections over them (GroupListenOptions.accept). */
  sharedPorts: boolean;
  /** False where views are copies. */
  externalBuffers: boolean;
  /** True, or what IoBuf.wrap() copies, and why. */
  wrapping: boolean | string;
  /** Transparent huge pages can be asked for (ShardOptions.hugePages). */
  hugePages: boolean;
  /** Stalls are reported with a JavaScript stack. */
  stallStacks: boolean;
  /** Processors that this process may use: affinity and cgroup quota. */
  cpus: number;
  /** Memory nodes of the machine; a pinned shard's memory lies on its own, because it is the first to touch it. */
  numaNodes: number;
}

/** Features of this machine and of this Node. */
export function capabilities(): Capabilities {
  attachDefault();
  const machine = native.machine();
  return {
    backend: machine.backend,
    engine: machine.engine,
    poller: machine.poller,
    ioUring: machine.ioUringRefusal ?? true,
    directIo: machine.directIo,
    registeredBuffers:
      'none: registered pages are pinned, so that memory given back to the system would no longer be what the kernel writes to; the gain is below 5 %',
    durableWrites: machine.durableWrites,
    allocation: machine.allocation,
    pinning: machine.cpusAllowed.length > 0,
    sharedPorts: machine.sharedPorts,
    externalBuffers: viewMode() !== 'copied',
    wrapping,
    hugePages: machine.hugePages && hugePagesAllowed(),
    stallStacks: native.stallStacks(),
    cpus: machine.cpus,
    numaNodes: countNumaNodes(),
  };
}

/** 'always [madvise] never': the word in brackets is in force. */
function hugePagesAllowed(): boolean {
  try {
    return !readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[never]');
  } catch {
    return false;
  }
}

function countNumaNodes(): number {
  try {
    return readdirSync('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name)).length || 1;
  } catch {
    return 1;
  }
}
