import { Writable } from 'node:stream';

/** A Writable that calls back when it is told to, and is done with a chunk before that. */
export class Slow extends Writable {
  readonly chunks: string[] = [];
  readonly waiting: ((error?: Error | null) => void)[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.chunks.push(chunk.toString());
    this.waiting.push(callback);
  }

  get text(): string {
    return this.chunks.join('');
  }
}
