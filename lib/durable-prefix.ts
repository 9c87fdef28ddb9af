// How far a file is written, and how far it is durable, when its writes end in any order: a byte counts when every byte before it does.
export interface PrefixWrite {
  /** Behind its last byte that counts. */
  readonly end: number;
  done: boolean;
}

export class DurablePrefix {
  /** All writes of bytes before it have ended. */
  written: number;
  /** A sync that began after those writes has ended, too. */
  durable: number;
  /** In the order of the file. */
  #underWay: PrefixWrite[] = [];

  constructor(position: number) {
    this.written = position;
    this.durable = position;
  }

  begin(write: PrefixWrite): void {
    this.#underWay.push(write);
  }

  ended(write: PrefixWrite): void {
    write.done = true;
    let count = 0;
    while (this.#underWay[count]?.done === true) this.written = this.#underWay[count++]!.end;
    this.#underWay.splice(0, count);
  }

  /** A sync that began when `written` was `mark` has ended. */
  synced(mark: number): void {
    this.durable = Math.max(this.durable, mark);
  }

  /** The file has been cut, with nothing under way. */
  cut(position: number): void {
    this.written = position;
    this.durable = Math.min(this.durable, position);
  }
}
