// Which streams may be given views of slab memory. A view of a chain shows other bytes once the chain has been released, so it
// may only go to a stream that is *prompt*: done with a chunk, for good, when it calls back, or when it has closed. Most streams
// are not. A PassThrough, and any Transform that hands its input on, calls back while the chunk waits in its readable side; zlib
// closes while its thread still reads. Nothing about a stream tells the two kinds apart, so the prompt ones are a list, and
// others get copies.
//
//   net.Socket      libuv has given the bytes to the kernel, or gives up all that wait before it says that the handle is closed
//   tls.TLSSocket   is a net.Socket; what OpenSSL cannot take at once is copied by Node
//   fs.WriteStream  calls back when write(2) has returned; the file is closed after that, also by destroy()
//   http            gives the chunks to its socket as they are: as prompt as that, but some callbacks come only as 'close'
import { WriteStream } from 'node:fs';
import { OutgoingMessage } from 'node:http';
import { Socket } from 'node:net';

const WAYS_IN = ['write', '_write', '_writev'] as const;

/** True for those above, as Node made them: a class or an object with a method of its own may do anything with a chunk. */
export function isPrompt(stream: object): boolean {
  if (stream instanceof Socket) return isUnchanged(stream, Socket.prototype);
  if (stream instanceof WriteStream) return isUnchanged(stream, WriteStream.prototype);
  // Without its socket yet, a message may get any stream as one.
  if (stream instanceof OutgoingMessage) return isUnchanged(stream, OutgoingMessage.prototype) && isPrompt(stream.socket ?? {});
  return false;
}

function isUnchanged(stream: object, known: object): boolean {
  return WAYS_IN.every((name) => (stream as Record<string, unknown>)[name] === (known as Record<string, unknown>)[name]);
}
