// The plain worker that the hop suite calls: what comes goes back, moved when it is marked so.
import { parentPort } from 'node:worker_threads';
import type { ToEcho } from '../peers/post-message.js';

const port = parentPort!;

port.on('message', (message: ToEcho) => {
  if (typeof message === 'number' || !message.moved) port.postMessage(message);
  else port.postMessage(message, message.parts.map(({ buffer }) => buffer));
});
