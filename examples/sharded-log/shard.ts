// One shard of the server: a listener of its own, a log of its own, and the way to its siblings.
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { attach, serve } from 'corebuf';
import type { IoBuf, Peers } from 'corebuf';
import type { Net } from '../command-line.js';
import { Intake } from './intake.js';
import { listen } from './link.js';
import type { Link, Server } from './link.js';
import { Log, ownerOf } from './log.js';
import type { Contents, Part } from './log.js';
import { Segment } from './segment.js';
import { Session } from './session.js';
import type { Router } from './session.js';

/** Settings of every shard. */
export interface LogSettings {
  readonly folder: string;
  readonly engine: 'io_uring' | 'threads' | undefined;
  readonly net: Net;
}

export interface Opened {
  readonly port: number;
  readonly direct: boolean;
  readonly engine: string;
  readonly alignment: { memory: number; offset: number; source: string };
}

/** Records that this shard received, and how many of them went on to another. */
export interface Counters {
  received: number;
  hopped: number;
}

const settings = workerData as LogSettings;
const counters: Counters = { received: 0, hopped: 0 };
const intake = new Intake();
let index = 0;
let log: Log | undefined;
let server: Server | undefined;

export const service = serve({
  /** Makes the segment and listens. `number` is this shard's index in the group. */
  async open(number: number): Promise<Opened> {
    index = number;
    const segment = await Segment.create(join(settings.folder, `shard-${index}.segment`), settings.engine);
    log = new Log(segment);
    server = await listen(settings.net, accept);
    const { direct, engine, alignment } = segment.file;
    return { port: server.port, direct, engine, alignment: { ...alignment } };
  },

  /** From a sibling that has received records of our keys. */
  append(contents: Contents, records: IoBuf): Promise<void> {
    return log!.append(contents, records);
  },

  /** For a sibling that has been asked for one of our keys. The chain moves to it. */
  read(key: string, first: number): Promise<Part> {
    return log!.read(key, first);
  },

  counters(): Counters {
    return { ...counters };
  },

  /** Gives everything back. The clients have gone before. */
  async close(): Promise<void> {
    intake.close();
    await server?.close();
    await log?.segment.close();
  },
});

/** The service's type: what the group and siblings can call. */
export type LogShard = typeof service;

function siblings(): Peers<LogShard> {
  return attach<LogShard>().group!;
}

function accept(link: Link): void {
  const router: Router = {
    ownerOf: (key) => ownerOf(key, siblings().size),
    async append(owner, contents, records) {
      const count = contents.length / 2;
      counters.received += count;
      if (owner === index) return log!.append(contents, records);
      counters.hopped += count;
      return siblings().shard(owner).append(contents, records);
    },
    read: (owner, key, first) => (owner === index ? log! : siblings().shard(owner)).read(key, first),
  };
  new Session(link, router, intake);
}
