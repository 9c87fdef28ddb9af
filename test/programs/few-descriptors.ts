// A server whose process may open few descriptors. Answers each connection with its own bytes; prints a line when it listens, and one for each failure
// to accept. Ends with its standard input.
import { writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Listener, stats } from 'corebuf';

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function main(): Promise<void> {
  const listener = await Listener.open({ host: '127.0.0.1', port: 0 });
  listener.on('connection', (connection) => connection.onInput((input) => void connection.post(input)));
  listener.on('acceptFailed', ({ code, syscall }) => say(`${syscall} ${code}`));
  say(`port ${(listener.address as AddressInfo).port}`);
  process.stdin.on('end', () => {
    say(`polls ${stats().net.polls}`);
    process.exit();
  });
  process.stdin.resume();
}

void main();
