// A shard whose connections are at work when the group closes. The first byte says how a connection is served; what comes then depends on that.
import { once } from 'node:events';
import type { Connection } from 'corebuf';
import { serve, thisShard } from 'corebuf';

const MIB = 2 ** 20;

type Handler = (connection: Connection) => Promise<void> | void;

function soon(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 50));
}

const handlers: Record<string, Handler> = {
  /** Each byte is a request for a mebibyte. */
  async large(connection) {
    for await (const requests of connection) {
      const { length } = requests;
      requests.release();
      for (let at = 0; at < length; at++) connection.post(Buffer.alloc(MIB, 'r'));
    }
  },
  async slow(connection) {
    for await (const request of connection) {
      await soon();
      await connection.write(request);
    }
  },
  /** Answers what it has read when it sees the end. */
  async late(connection) {
    let length = 0;
    for await (const request of connection) {
      length += request.length;
      request.release();
    }
    await soon();
    await connection.write(`${length}`);
  },
  /** Messages of four bytes. */
  async exact(connection) {
    for (;;) {
      using message = await connection.readExactly(4);
      connection.post(Buffer.alloc(MIB, message.toString()));
    }
  },
  /** Waits for the end of the connection, and answers at once. */
  async echo(connection) {
    connection.onInput((input) => void connection.post(input));
    await once(connection, 'close');
  },
  reserved(connection) {
    connection.onInput((input) => {
      const place = connection.reserve();
      const answer = input.share();
      input.clear();
      void soon().then(() => place.fill(answer));
    });
  },
  /** The answer comes from the other shard. */
  calls(connection) {
    connection.onInput((input) => {
      input.clear();
      void (thisShard.group!.shard(1 - thisShard.index!) as unknown as Closing).slowly().then((text) => connection.post(text));
    });
  },
  async stream(connection) {
    const stream = connection.stream();
    let last = Promise.resolve();
    stream.on('data', (chunk) => {
      last = soon().then(() => void stream.write(chunk));
    });
    stream.on('end', () => void last.then(soon).then(() => stream.end('end')));
    await once(stream, 'close');
  },
  async moves(connection) {
    await soon();
    connection.post('moved');
    await connection.moveTo(1 - thisShard.index!);
  },
  silent: () => undefined,
  never: () => new Promise(() => undefined),
};

const closing = {
  async connection(connection: Connection): Promise<void> {
    while (connection.input.indexOf(10) < 0) if (!(await connection.more())) return;
    using name = connection.input.takeFront(connection.input.indexOf(10) + 1);
    await handlers[name.toString('utf8', 0, name.length - 1)]!(connection);
  },
  async slowly(): Promise<string> {
    await soon();
    return 'called';
  },
};

export type Closing = typeof closing;
serve(closing);
