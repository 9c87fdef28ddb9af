// Files, appenders and readers that were garbage-collected without having been closed. They are closed then, and reported as leaks. The
// collector may take any time for this, so programs must call close() all the same.
import type { LeakReport } from '../shard/leaks.js';
import { creationStack, reportLeaks, tracing } from '../shard/leaks.js';

/** The part of an object that must be closed. It must not refer to the object, or the object would never be collected. */
export interface Resource {
  readonly path: string;
  /** Whether there is something to close. */
  readonly open: boolean;
  /** Bytes that are lost, or kept in memory, until close(). */
  readonly bytesHeld: number;
  close(): Promise<void>;
}

interface Watched {
  readonly kind: LeakReport['kind'];
  readonly resource: Resource;
  readonly madeAt: string | undefined;
}

const registry = new FinalizationRegistry<Watched>(({ kind, resource, madeAt }) => {
  if (!resource.open) return;
  reportLeaks([{ kind, bytes: resource.bytesHeld, madeAt, path: resource.path }]);
  resource.close().catch((cause: unknown) => {
    process.emitWarning(`${kind} of '${resource.path}' was not closed, and could not be closed later: ${String(cause)}`, 'CorebufLeak');
  });
});

export const forgotten = {
  /** Closes `resource` when `object` is collected, unless unwatch(resource) was called before. */
  watch(object: object, kind: LeakReport['kind'], resource: Resource): void {
    registry.register(object, { kind, resource, madeAt: tracing ? creationStack() : undefined }, resource);
  },

  unwatch(resource: Resource): void {
    registry.unregister(resource);
  },
};
