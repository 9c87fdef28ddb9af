// The clients of one shard: keeps a session for each connection.
import type { SecureContext } from 'node:tls';
import type { Connection } from 'corebuf';
import type { Services } from '../api/api.js';
import type { Intake } from './intake.js';
import { Session } from './session.js';
import type { SessionOptions } from './session.js';
import { TlsTransport } from './tls-transport.js';
import { PlainTransport } from './transport.js';

/** Milliseconds that requests may take to end when the broker closes. */
const DRAIN_MS = 5_000;

export interface FrontOptions extends SessionOptions {
  /** Certificate of the broker; undefined: nothing is encrypted. */
  readonly secureContext: SecureContext | undefined;
}

export class Front {
  readonly #services: () => Services;
  readonly #intake: Intake;
  readonly #options: FrontOptions;
  readonly #sessions = new Map<Connection, Session>();
  /** Connections that came before begin(); undefined after it. */
  #early: Connection[] | undefined = [];
  #onEmpty: () => void = () => undefined;

  /** `services` is asked once for each connection. */
  constructor(services: () => Services, intake: Intake, options: FrontOptions) {
    this.#services = services;
    this.#intake = intake;
    this.#options = options;
  }

  /** Serves the connections that have come, and all that come later. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const connection of early) this.accept(connection);
  }

  /** Serves a client, from begin() on. */
  accept(connection: Connection): void {
    if (this.#early !== undefined) return void this.#early.push(connection);
    const { secureContext } = this.#options;
    const transport = secureContext === undefined ? new PlainTransport(connection) : new TlsTransport(connection, secureContext);
    this.#sessions.set(connection, new Session(transport, this.#services(), this.#intake, this.#options));
    connection.once('close', () => {
      this.#sessions.delete(connection);
      if (this.#sessions.size === 0) this.#onEmpty();
    });
  }

  /** Lets the requests that are under way end, and closes all connections. No more may come. */
  async close(): Promise<void> {
    for (const connection of this.#early ?? []) connection.destroy();
    for (const session of this.#sessions.values()) session.drain();
    if (this.#sessions.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      timer = setTimeout(() => {
        for (const connection of this.#sessions.keys()) connection.destroy();
      }, DRAIN_MS);
    });
    clearTimeout(timer);
  }
}
