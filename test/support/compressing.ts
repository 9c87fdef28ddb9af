// A response whose body is compressed the way the middleware of Express does it: write() and on() are replaced, write() takes no callback,
// and 'drain' is told by the compressing stream.
import type { ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';

export function compress(response: ServerResponse): void {
  const gzip = createGzip();
  const { write, end, on } = response;
  response.setHeader('content-encoding', 'gzip');
  response.write = (chunk: unknown, _encoding?: unknown): boolean => gzip.write(chunk);
  response.end = (): ServerResponse => {
    gzip.end();
    return response;
  };
  response.on = ((event: string, listener: () => void): ServerResponse => {
    if (event === 'drain') gzip.on(event, listener);
    else on.call(response, event, listener);
    return response;
  }) as typeof on;
  gzip.on('data', (chunk: Buffer) => {
    if (!write.call(response, chunk, 'latin1')) gzip.pause();
  });
  on.call(response, 'drain', () => void gzip.resume());
  gzip.on('end', () => end.call(response, undefined, 'latin1'));
}
