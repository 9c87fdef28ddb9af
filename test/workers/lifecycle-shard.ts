// A service with a clean-up, of the kind that workerData names.
import { appendFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { AsyncLocalStorage } from 'node:async_hooks';
import { attach, CorebufError, serve, thisShard } from 'corebuf';
import type { ErrorCode, IoBuf } from 'corebuf';

export interface LifecycleData {
  /** File that clean-ups write into. */
  readonly log: string;
  readonly cleanUp: 'dispose' | 'close' | 'both' | 'none' | 'throws' | 'hangs' | 'calls a sibling' | 'blocks';
}

const { log, cleanUp } = workerData as LifecycleData;
const storage = new AsyncLocalStorage<string>();

class Base {
  inherited(): string {
    return 'inherited';
  }
}

/** An instance of a class is served with the methods of its classes; it keeps its private state. */
class Lifecycle extends Base {
  readonly #name = 'private state';

  get notCalled(): never {
    throw new Error('serve() must not run getters');
  }
  privateState(): string {
    return this.#name;
  }
  note(text: string): void {
    appendFileSync(log, `${text}\n`);
  }
  never(_options?: { signal: AbortSignal }): Promise<never> {
    return new Promise(() => undefined);
  }
  throwSoon(message: string, code?: ErrorCode): Promise<never> {
    setImmediate(() => {
      throw code === undefined ? new RangeError(message) : new CorebufError(code, message);
    });
    return this.never();
  }
  exit(code: number): never {
    process.exit(code);
  }
  fail(message: string): never {
    throw new TypeError(message);
  }
  echo(value: unknown): unknown {
    return value;
  }
  async identity<T>(value: T): Promise<T> {
    return value;
  }
  drop(chain: IoBuf): number {
    const { length } = chain;
    chain.release();
    return length;
  }
  /** What a method sees of the context of the call before, and leaves for the next. */
  enter(store: string): string | undefined {
    const seen = storage.getStore();
    storage.enterWith(store);
    return seen;
  }
  async enterAndWait(store: string): Promise<string | undefined> {
    storage.enterWith(store);
    await new Promise((resolve) => setImmediate(resolve));
    return storage.getStore();
  }
  async callSibling(index: number, method: 'never' | 'throwSoon' | 'fail', text: string): Promise<string> {
    const sibling = attach<Lifecycle>().group!.shard(index) as unknown as Record<string, (text: string) => Promise<unknown>>;
    const error = (await sibling[method]!(text).catch((reason: unknown) => reason)) as Error & { code?: string };
    return `${error.code}, because of ${(error.cause as Error | undefined)?.message}`;
  }
}

const how: Record<LifecycleData['cleanUp'], (service: Lifecycle) => object> = {
  none: () => ({}),
  dispose: (service) => ({ [Symbol.asyncDispose]: () => noteLater(service, 'disposed') }),
  close: (service) => ({ close: () => noteLater(service, 'closed') }),
  both: (service) => ({ [Symbol.asyncDispose]: () => noteLater(service, 'disposed'), close: () => noteLater(service, 'closed') }),
  throws: () => ({ close: () => Promise.reject(new RangeError('the disk is full')) }),
  hangs: () => ({ close: () => new Promise(() => undefined) }),
  blocks: () => ({ close: () => { for (;;); } }),
  'calls a sibling': (service) => ({
    async close(): Promise<void> {
      const peers = attach<Lifecycle>().group!;
      service.note(`${peers.index} hears ${await peers.shard(1 - peers.index!).inherited()}`);
    },
  }),
};

async function noteLater(service: Lifecycle, text: string): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  service.note(`${text} ${thisShard.index}`);
}

const lifecycle = new Lifecycle();
export const service = serve(Object.assign(lifecycle, how[cleanUp](lifecycle)));
export type LifecycleService = Lifecycle;
