// One broker at a time uses a folder. The lock is an abstract Unix socket whose name is that of the folder's inode: the kernel gives it back
// when the process ends, however it ends, so that no lock of a broker that was killed stays behind. Containers with networks of their own do
// not see each other's locks.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

export class FolderLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Locks the folder, which must be there. @throws an Error of one line when another broker has it; node:fs's errors */
  static async take(folder: string): Promise<FolderLock> {
    const { dev, ino } = await stat(folder, { bigint: true });
    const server = createServer().unref();
    server.listen({ path: `\0corebuf-broker-${dev}-${ino}` });
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new Error(`'${folder}' is in use: one broker at a time may use a folder; end the other one, or name another folder`);
    }
    return new FolderLock(server);
  }

  async release(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
