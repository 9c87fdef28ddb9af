// What the broker must find again after a restart: its cluster's id, and the producer ids that were given out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeCrypto } from '../security/node-modules.js';
import { replaceFile } from '../topics/topic-file.js';

/** Producer ids that are reserved with one write of the file. Those that a crash leaves unused are never given out. */
const BLOCK = 1000;

interface Contents {
  readonly clusterId: string;
  /** Producer ids below this one may have been given out. */
  readonly producerIds: number;
}

export class ClusterFile {
  readonly #path: string;
  #contents: Contents;
  #next: number;
  /** Ends when the block that is being reserved is in the file. */
  #reserving: Promise<void> | undefined;

  private constructor(path: string, contents: Contents) {
    this.#path = path;
    this.#contents = contents;
    this.#next = contents.producerIds;
  }

  /** The file in `folder`, which is made if it is not there. @throws node:fs's errors; SyntaxError when the file is damaged */
  static async open(folder: string): Promise<ClusterFile> {
    const path = join(folder, 'cluster.json');
    const known = await read(path);
    if (known !== undefined) return new ClusterFile(path, known);
    const file = new ClusterFile(path, { clusterId: nodeCrypto().randomBytes(16).toString('base64url'), producerIds: 0 });
    await file.#write(file.#contents);
    return file;
  }

  get clusterId(): string {
    return this.#contents.clusterId;
  }

  /** A producer id that no producer was ever given. */
  async nextProducerId(): Promise<bigint> {
    while (this.#next === this.#contents.producerIds) {
      this.#reserving ??= this.#reserve().finally(() => (this.#reserving = undefined));
      await this.#reserving;
    }
    return BigInt(this.#next++);
  }

  #reserve(): Promise<void> {
    return this.#write({ ...this.#contents, producerIds: this.#contents.producerIds + BLOCK });
  }

  async #write(contents: Contents): Promise<void> {
    await replaceFile(this.#path, `${JSON.stringify(contents)}\n`);
    this.#contents = contents;
  }
}

async function read(path: string): Promise<Contents | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Contents;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
