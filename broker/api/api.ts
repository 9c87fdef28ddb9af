// One API: the layout of its messages, the versions that are offered, and the function that answers a request.
import type { ApiLayout, Decoded, Encodable, Layout } from '../protocol/layout.js';
import type { Facts } from '../cluster/facts.js';
import type { GroupRouter } from '../cluster/group-slots.js';
import type { AdminRouter } from '../topics/admin-router.js';
import type { PartitionRouter } from '../topics/partition-router.js';
import type { Login } from '../security/login.js';
import type { TopicTable } from '../topics/topic-table.js';

/** All that a handler may use. */
export interface Services {
  readonly facts: Facts;
  readonly topics: TopicTable;
  readonly partitions: PartitionRouter;
  readonly admin: AdminRouter;
  readonly groups: GroupRouter;
}

/** What is known of a request besides its fields. */
export interface Call {
  readonly apiKey: number;
  readonly version: number;
  /** Empty when the client gives none. */
  readonly clientId: string;
  /** Begins with a slash, as tools expect it. */
  readonly clientHost: string;
  /** The login of the connection; undefined when nobody need log in. */
  readonly login: Login | undefined;
  /** Aborted when the connection closes, or is about to: a request that waits must then answer with what there is. */
  readonly signal: AbortSignal;
  readonly services: Services;
}

/** `undefined` is no answer at all, which only Produce with acks 0 has. A handler that throws closes the connection. */
type Answer<P extends Layout> = Encodable<P> | undefined | Promise<Encodable<P> | undefined>;

/** An API whose field types are forgotten, as the dispatcher knows it. */
export interface AnyApi {
  readonly layout: ApiLayout;
  /** Versions that are offered. */
  readonly versions: readonly [number, number];
  handle(request: Decoded<Layout>, call: Call): Answer<Layout>;
  /** Whether the requests behind this one start when it is answered: its order is not fixed before, and they must see what it has changed. */
  isBarrier(request: Decoded<Layout>, call: Call): boolean;
}

/** An API. `handle` must fix the order of its effects before it first waits, or the request must be a barrier. */
export function implement<Q extends Layout, P extends Layout>(
  layout: ApiLayout<Q, P>,
  handle: (request: Decoded<Q>, call: Call) => Answer<P>,
  isBarrier: (request: Decoded<Q>, call: Call) => boolean = () => false,
): AnyApi {
  return { layout, versions: layout.versions, handle, isBarrier };
}

/** For APIs all of whose requests are barriers. */
export function always(): boolean {
  return true;
}
