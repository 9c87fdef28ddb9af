// Many connections: too many for the descriptors of a process, many one after the other, many that lie idle.
// COREBUF_NET_CHURN=100000 and COREBUF_NET_RESTING=10000 for the long forms.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Connection, Listener, stats } from 'corebuf';
import { programPath, runProgram } from '../support/program';
import { expectNothingLeaked } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

const HOST = '127.0.0.1';

test('a listener without descriptors rests, and goes on when there are some', async () => {
  const LIMIT = 48;
  const child = spawn('sh', ['-c', `ulimit -n ${LIMIT}; exec "$0" "$1"`, process.execPath, programPath('few-descriptors')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const saw = (line: string | RegExp) => until(() => lines.some((each) => each.match(line) !== null), () => `the server has said ${lines.join()}`);
  await saw(/^port /);
  const port = Number(lines[0]!.split(' ')[1]);

  const sockets: Socket[] = [];
  for (let opened = 0; opened < LIMIT; opened++) sockets.push(connect(port, HOST));
  const answered = sockets.map((socket) => once(socket.on('error', () => undefined), 'data'));
  for (const [at, socket] of sockets.entries()) socket.write(`socket ${at}`);
  await saw(/^accept EMFILE$/);
  // Those that were accepted are answered meanwhile, and their descriptors are for the others.
  for (let at = 0; at < LIMIT; at++) {
    const [answer] = (await answered[at]!) as [Buffer];
    expect(answer.toString()).toBe(`socket ${at}`);
    sockets[at]!.destroy();
  }
  expect(lines.slice(1).filter((line) => line !== 'accept EMFILE')).toEqual([]);
  child.stdin.end();
  await once(child, 'exit');
  // It did not spin: a handful of polls for each connection, and for each time that it rested.
  await saw(/^polls /);
  expect(Number(lines.at(-1)!.split(' ')[1])).toBeLessThan(LIMIT * 10);
});

const CHURN = Number(process.env['COREBUF_NET_CHURN'] ?? 2_000);
const AT_ONCE = 50;

/** The ways in which a connection ends. */
const ENDINGS: readonly ((connection: Connection) => unknown)[] = [
  (connection) => connection.end(),
  (connection) => connection.close(),
  (connection) => connection.destroy(),
  (connection) => connection.reset(),
];

test('connections that open and close by the thousand leave nothing behind', async () => {
  const listener = await Listener.open({ host: HOST, backlog: 4_096 });
  const { port } = listener.address as AddressInfo;
  listener.on('connection', (accepted) => accepted.onInput((input) => void accepted.post(input)));
  const before = readdirSync('/proc/self/fd').length;
  const blocks = stats().memory.liveObjects;
  const one = async (number: number): Promise<void> => {
    const connection = await Connection.connect({ host: HOST, port });
    const closed = once(connection, 'close');
    const text = `connection ${number}`;
    connection.post(text);
    using answer = await connection.readExactly(text.length);
    if (answer.toString() !== text) throw new Error(`${text} was answered with ${answer.toString()}`);
    await ENDINGS[number % ENDINGS.length]!(connection);
    await closed;
  };
  for (let opened = 0; opened < CHURN; opened += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(opened + at)));
  await until(() => listener.connections === 0, () => `${listener.connections} connections have not closed`);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  expect(stats().memory.liveObjects).toBeLessThanOrEqual(blocks + 4); // A receive buffer and its fragment.
  await listener.close();
});

const IDLE = Number(process.env['COREBUF_NET_RESTING'] ?? 1_500);

/** Pages that a process takes once, and garbage, are a tenth of what so few connections need; with 10,000 both take the same. */
const NOISE = 1.1;

test('an idle connection takes no more memory than one of node:net', async () => {
  const measured = async (kind: string): Promise<number> => {
    const { code, stdout, stderr } = await runProgram('idle-connections', { args: [kind, String(IDLE)] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Number(stdout);
  };
  const found = { ours: [] as number[], nodes: [] as number[] };
  for (let round = 0; round < 5; round++) {
    const [ours, nodes] = await Promise.all([measured('corebuf'), measured('node')]);
    found.ours.push(ours);
    found.nodes.push(nodes);
  }
  expect(Math.min(...found.ours)).toBeLessThanOrEqual(Math.min(...found.nodes) * NOISE);
});
