// A server on two shards that sends every message back. A message is a length of four bytes, and so many bytes behind it.
//
//   node echo-server.mjs [port]       without a port it asks itself, and ends
import { isMainThread } from 'node:worker_threads';
import { Connection, IoBuf, serve, ShardGroup } from 'corebuf';

const HOST = '127.0.0.1';
const layout = { lengthBytes: 4, maxLength: 1024 * 1024, keepLength: true };

/** The shards load this module, too, and serve this. What the kernel writes into the shard's memory leaves from there. */
export const echo = serve({
  connection(connection) {
    connection.onInput(() => {
      try {
        for (const message of connection.takeFrames(layout)) connection.post(message);
      } catch (error) {
        connection.destroy(error); // a length above maxLength
      }
    });
  },
});

/** Resolves with the answer to `text`. */
async function ask(port, text) {
  const connection = await Connection.connect({ host: HOST, port });
  try {
    await connection.write(new IoBuf().appendUInt32BE(Buffer.byteLength(text)).append(text));
    const answer = await connection.readExactly(4 + Buffer.byteLength(text));
    const received = answer.toString('utf8', 4);
    answer.release();
    return received;
  } finally {
    await connection.close();
  }
}

if (isMainThread) {
  const group = await ShardGroup.start(new URL(import.meta.url), { shards: 2, restart: true });
  const listener = await group.listen({ host: HOST, port: Number(process.argv[2] ?? 0) });
  const { port } = listener.address;
  console.log(`listening at ${HOST}:${port}`);
  if (process.argv[2] === undefined) {
    const texts = ['one', 'two', 'three', 'four'];
    console.log((await Promise.all(texts.map((text) => ask(port, text)))).join(' '));
    await group.close();
  } else {
    process.once('SIGINT', () => void group.close());
  }
}
