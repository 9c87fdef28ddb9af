// The list of streams that may receive views of slab memory. A view must not be used once its chain has been released, so only a *prompt*
// stream may receive one: a stream that never uses a chunk after it has called back or closed. Most streams are not prompt. A PassThrough,
// and any Transform that passes its input on, calls back while the chunk waits in its readable side; zlib closes while its thread still
// reads. A stream has no property that says whether it is prompt, so this file lists the prompt ones, and other streams get copies.
//
//   net.Socket      calls back when libuv has passed the bytes to the kernel; libuv drops waiting bytes before it reports the close
//   tls.TLSSocket   is a net.Socket; Node copies the bytes that OpenSSL cannot take at once
//   fs.WriteStream  calls back when write(2) has returned; the file is closed after that, also by destroy()
//   http            passes the chunks to its socket unchanged, so it is as prompt; some callbacks come only with 'close'
import { WriteStream } from 'node:fs';
import { Socket } from 'node:net';
import { nodeHttp } from '../base/late-modules.js';

const WAYS_IN = ['write', '_write', '_writev'] as const;

/** Returns true for a stream of this list whose methods are Node's own. A class or an object with other methods may keep a chunk. */
export function isPrompt(stream: object): boolean {
  if (stream instanceof Socket) return isUnchanged(stream, Socket.prototype);
  if (stream instanceof WriteStream) return isUnchanged(stream, WriteStream.prototype);
  return isPromptMessage(stream);
}

function isPromptMessage(stream: object): boolean {
  const { OutgoingMessage } = nodeHttp();
  // A message that has no socket yet may be given any stream as its socket.
  return stream instanceof OutgoingMessage && isUnchanged(stream, OutgoingMessage.prototype) && isPrompt(stream.socket ?? {});
}

function isUnchanged(stream: object, known: object): boolean {
  return WAYS_IN.every((name) => (stream as Record<string, unknown>)[name] === (known as Record<string, unknown>)[name]);
}
