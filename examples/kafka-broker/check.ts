// Compares what consumers receive with the input: each record once, in the order of its file, at the next offset of its partition. Consumers
// may receive an offset again after a failure, as Kafka promises no more than "at least once"; it must then hold the same record.
import type { InputFile, Place } from './input.js';

/** A record as a consumer received it. */
export interface Received extends Place {
  readonly offset: number;
  readonly key: string;
  readonly value: Buffer;
}

/** A record of the input: a file, and the number of the record in it. */
interface Expected {
  readonly file: InputFile;
  readonly at: number;
}

export class Check {
  readonly #files: ReadonlyMap<string, InputFile>;
  /** Number of records of each file that have come, by key. */
  readonly #counts = new Map<string, number>();
  /** Records of each partition, by their offsets. */
  readonly #partitions = new Map<string, Expected[]>();
  readonly #recordsAll: number;
  /** Number of records of the input for each partition. */
  readonly #totals = new Map<string, number>();
  #records = 0;
  #again = 0;

  constructor(files: readonly InputFile[]) {
    this.#files = new Map(files.map((file) => [file.key, file]));
    this.#recordsAll = files.reduce((sum, { records }) => sum + records.length, 0);
    for (const file of files) this.#totals.set(nameOf(file), (this.#totals.get(nameOf(file)) ?? 0) + file.records.length);
  }

  /** Number of records of the input that have come. */
  get records(): number {
    return this.#records;
  }

  /** How many times a record came again, at the offset that it had. */
  get again(): number {
    return this.#again;
  }

  get isComplete(): boolean {
    return this.#records === this.#recordsAll;
  }

  /** Returns whether it came for the first time. @throws when a record is missing, doubled, out of order or changed */
  receive(received: Received): boolean {
    const known = this.#partition(received);
    const { offset } = received;
    if (offset > known.length) throw wrong(received, `offset ${known.length} was expected: a record is missing`);
    if (offset < known.length) {
      compare(received, known[offset]!);
      this.#again++;
      return false;
    }
    const expected = this.#nextOf(received);
    compare(received, expected);
    known.push(expected);
    this.#counts.set(received.key, expected.at + 1);
    this.#records++;
    return true;
  }

  /** Compares the end of a partition, when all is acknowledged, with the input. @throws when there are more records than in the input, or fewer */
  end(place: Place, offset: number): void {
    const total = this.#totals.get(nameOf(place)) ?? 0;
    if (offset !== total) throw new Error(`${nameOf(place)} ends at offset ${offset}, and the input has ${total} records for it`);
  }

  #nextOf(received: Received): Expected {
    const file = this.#files.get(received.key);
    const at = this.#counts.get(received.key) ?? 0;
    if (file === undefined || file.topic !== received.topic || file.partition !== received.partition) {
      throw wrong(received, 'the input has no such key for this partition');
    }
    if (at >= file.records.length) throw wrong(received, `all ${at} records of '${received.key}' have come before: a record is doubled`);
    return { file, at };
  }

  #partition(place: Place): Expected[] {
    const name = nameOf(place);
    let records = this.#partitions.get(name);
    if (records === undefined) this.#partitions.set(name, (records = []));
    return records;
  }
}

function compare(received: Received, { file, at }: Expected): void {
  if (received.key === file.key && received.value.equals(file.records[at]!)) return;
  throw wrong(received, `record ${at} of '${file.key}' was expected, received ${describe(received, file)}`);
}

function describe({ key, value }: Received, file: InputFile): string {
  if (key !== file.key) return `one of '${key}'`;
  const at = file.records.findIndex((record) => record.equals(value));
  return at < 0 ? 'bytes that are not in the file' : `record ${at}: a record is missing, doubled or out of order`;
}

function wrong(received: Received, text: string): Error {
  return new Error(`${nameOf(received)}, offset ${received.offset}: ${text}`);
}

function nameOf({ topic, partition }: Place): string {
  return `partition ${partition} of '${topic}'`;
}
