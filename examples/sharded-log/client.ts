// The client: spreads files over connections, waits until all is durable, asks for all of it and compares it with the
// files.
import type { IoBuf } from 'corebuf';
import { Connection } from './connection.js';
import { piecesIn, piecesOf } from './input.js';
import type { InputFile } from './input.js';
import { countOf, isIntact, kindOf, kinds, recordHeader, textFrame } from './protocol.js';

/** Told of payload bytes as they are sent, or found to be right. */
export type Counted = (bytes: number) => void;

/** A connection and the files that it carries: all records of a key go one way, which keeps them in order. */
interface Share {
  readonly connection: Connection;
  readonly files: readonly InputFile[];
}

export class Client {
  readonly #shares: readonly Share[];

  constructor(shares: readonly Share[]) {
    this.#shares = shares;
  }

  /** Connections go to the ports in turn. `files` must be sorted by size, the largest first. */
  static async connect(ports: readonly number[], connections: number, files: readonly InputFile[]): Promise<Client> {
    const shares = spread(files, connections);
    const opened = await Promise.all(shares.map((_, at) => Connection.to(ports[at % ports.length]!)));
    return new Client(shares.map((share, at) => ({ connection: opened[at]!, files: share })));
  }

  /** Resolves when every record is durable. */
  async write(counted: Counted): Promise<void> {
    await Promise.all(this.#shares.map((share) => Promise.all([sendAll(share, counted), awaitDurable(share)])));
  }

  /** Reads everything back. @throws at the first record that is missing, out of order or not what the file says. */
  async verify(counted: Counted): Promise<void> {
    await Promise.all(
      this.#shares.map(async ({ connection, files }) => {
        for (const file of files) await verifyFile(connection, file, counted);
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#shares.map(({ connection }) => connection.close()));
  }
}

/** Each file to the connection that has the least to carry. */
function spread(files: readonly InputFile[], connections: number): InputFile[][] {
  const shares = Array.from({ length: connections }, () => ({ bytes: 0, files: [] as InputFile[] }));
  for (const file of files) {
    const lightest = shares.reduce((least, share) => (share.bytes < least.bytes ? share : least));
    lightest.files.push(file);
    lightest.bytes += file.size + 1;
  }
  return shares.map((share) => share.files);
}

async function sendAll({ connection, files }: Share, counted: Counted): Promise<void> {
  for (const file of files) {
    let sequence = 0;
    for await (const piece of piecesOf(file)) {
      await connection.send(recordHeader(file.key, sequence++, piece), piece);
      counted(piece.length);
    }
  }
}

async function awaitDurable({ connection, files }: Share): Promise<void> {
  const records = files.reduce((sum, file) => sum + piecesIn(file.size), 0);
  for (let durable = 0; durable < records; ) {
    using frame = await connection.next();
    expectKind(frame, kinds.ack);
    durable = countOf(frame);
  }
}

async function verifyFile(connection: Connection, file: InputFile, counted: Counted): Promise<void> {
  await connection.send(textFrame(kinds.fetch, file.key));
  let sequence = 0;
  for await (const piece of piecesOf(file)) {
    using frame = await connection.next();
    if (kindOf(frame) === kinds.end) throw new Error(`${file.key}: record ${sequence} is missing`);
    expectKind(frame, kinds.record);
    compare(frame, file.key, sequence++, piece);
    counted(piece.length);
  }
  using end = await connection.next();
  if (kindOf(end) !== kinds.end || countOf(end) !== sequence) {
    throw new Error(`${file.key}: there are more records than the ${sequence} of the file`);
  }
}

/** The header says which record it is, and holds the checksum of the rest: made again from the file, it must match. */
function compare(frame: IoBuf, key: string, sequence: number, piece: Buffer): void {
  const expected = recordHeader(key, sequence, piece);
  const length = expected.length + piece.length;
  if (frame.length !== length || !isIntact(frame) || !frame.toBuffer(0, expected.length).equals(expected)) {
    throw new Error(`${key}: record ${sequence} is not what the file holds`);
  }
}

function expectKind(frame: IoBuf, kind: number): void {
  if (kindOf(frame) !== kind) throw new Error(`the server sent a frame of kind ${kindOf(frame)}, not ${kind}`);
}
