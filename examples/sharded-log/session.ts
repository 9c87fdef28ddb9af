// The server's side of one TCP connection. Any shard may hold it: a record goes from here to the shard that owns its
// key, and what moves between them is a pointer.
import { IoBuf } from 'corebuf';
import type { Intake } from './intake.js';
import type { Link } from './link.js';
import type { Contents, Part } from './log.js';
import { countFrame, Inbox, isIntact, kindOf, kinds, readRecord, textFrame, textOf } from './protocol.js';

/** Where records go and come from: the shards, by what they own. */
export interface Router {
  ownerOf(key: string): number;
  append(owner: number, contents: Contents, records: IoBuf): Promise<void>;
  read(owner: number, key: string, first: number): Promise<Part>;
}

/** The records of one chain, by owner: a call per owner, not one per record. */
type Batch = Map<number, { readonly contents: Contents; readonly records: IoBuf }>;

export class Session {
  readonly #link: Link;
  readonly #router: Router;
  readonly #intake: Intake;
  readonly #inbox = new Inbox();
  /** Answers leave in the order of the requests. */
  #answers: Promise<void> = Promise.resolve();
  #durable = 0;
  #failed = false;

  constructor(link: Link, router: Router, intake: Intake) {
    this.#link = link;
    this.#router = router;
    this.#intake = intake;
    intake.add(link);
    link.start(
      (chain) => this.#receive(chain),
      () => {
        intake.remove(link);
        this.#inbox.release();
      },
    );
  }

  #receive(chain: IoBuf): void {
    // Closing with bytes unread would reset the connection, and the client might never see why.
    if (this.#failed) return chain.release();
    const batch: Batch = new Map();
    const fetches: string[] = [];
    try {
      this.#inbox.take(chain);
      for (let frame = this.#inbox.next(); frame !== undefined; frame = this.#inbox.next()) {
        this.#sort(frame, batch, fetches);
      }
      this.#append(batch);
      for (const key of fetches) this.#answer(() => this.#fetch(key));
    } catch (error) {
      for (const { records } of batch.values()) records.release();
      this.#fail(error);
    }
  }

  #sort(frame: IoBuf, batch: Batch, fetches: string[]): void {
    using cut = frame; // Moved on or not, it is not ours behind this function.
    const kind = kindOf(cut);
    if (kind === kinds.fetch) {
      fetches.push(textOf(cut));
    } else if (kind === kinds.record) {
      if (!isIntact(cut)) throw new Error('a record was damaged on its way to the server');
      const { key } = readRecord(cut);
      const owner = this.#router.ownerOf(key);
      let part = batch.get(owner);
      if (part === undefined) batch.set(owner, (part = { contents: [], records: new IoBuf() }));
      part.contents.push(key, cut.length);
      part.records.take(cut);
    } else {
      throw new Error(`a client cannot send a frame of kind ${kind}`);
    }
  }

  /** One call per owner; when all have answered, all of the chain is durable. */
  #append(batch: Batch): void {
    if (batch.size === 0) return;
    let count = 0;
    let bytes = 0;
    const calls = [...batch].map(([owner, { contents, records }]) => {
      count += contents.length / 2;
      bytes += records.length;
      // A call that could not be made has not taken the chain: releasing one that has moved does nothing.
      return this.#router.append(owner, contents, records).finally(() => records.release());
    });
    this.#intake.begin(bytes);
    const durable = Promise.all(calls).finally(() => this.#intake.end(bytes));
    durable.catch(() => undefined); // The answer below tells; but an answer before it may have failed already.
    this.#answer(async () => {
      await durable;
      this.#durable += count;
      this.#link.post(countFrame(kinds.ack, this.#durable));
    });
  }

  async #fetch(key: string): Promise<void> {
    const owner = this.#router.ownerOf(key);
    let sent = 0;
    let all: number;
    do {
      const { records, next, total } = await this.#router.read(owner, key, sent);
      await this.#link.send(records);
      sent = next;
      all = total;
    } while (sent < all);
    this.#link.post(countFrame(kinds.end, sent));
  }

  #answer(make: () => Promise<void>): void {
    const answer = this.#answers.then(() => (this.#failed ? undefined : make()));
    this.#answers = answer.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#link.resume();
    this.#link.end(textFrame(kinds.failure, error instanceof Error ? error.message : String(error)));
  }
}
