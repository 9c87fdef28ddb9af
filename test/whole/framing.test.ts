// The framing example as a user runs it, and its parser with chunks that end anywhere.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { IoBuf } from 'corebuf';
import { appendHeader, Frames, framings, MESSAGE_MAX } from '../../examples/framing/frames.js';
import type { Framing } from '../../examples/framing/frames.js';
import { programPath } from '../support/program';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

const program = join(__dirname, '../../out/examples/framing/main.js');

function runNode(...args: string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 25_000 });
}

const example = (...args: string[]) => runNode(program, ...args);

describe('the example', () => {
  test.each([[[]], [['--framing', 'length']], [['--framing', 'varint']], [['--net', 'node']]])('checks every answer (%j)', (args) => {
    const { status, stdout, stderr } = example('--messages', '1500', ...args);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const chosen = framings.filter((name) => !args.includes('--framing') || args.includes(name));
    for (const name of framings) expect(stdout.includes(`${name} `)).toBe(chosen.includes(name));
    expect(stdout).toMatch(/1500 messages, \d+\.\d MiB, \d+\.\d\d s: \d+ messages\/s, \d+ MiB\/s\n/);
    expect(stdout).toMatch(/Every answer was right\.\n$/);
  });

  test('ends with 1 when an answer is wrong', () => {
    const { status, stderr } = runNode('-r', programPath('wrong-sum'), program, '--messages', '200');
    expect(stderr).toMatch(/^framing: message \d+: the answer is \d+, and should be \d+\n$/);
    expect(status).toBe(1);
  });

  test('helps', () => {
    expect(example('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--messages N') as string });
  });

  test.each([
    [['--frobnicate'], "Unknown option '--frobnicate'"],
    [['--messages', 'many'], "--messages must be a whole number from 1 to 100000000, not 'many'"],
    [['--messages', '0'], "--messages must be a whole number from 1 to 100000000, not '0'"],
    [['--framing', 'steam'], "--framing must be length or varint, not 'steam'"],
    [['--net', 'steam'], "--net must be corebuf or node, not 'steam'"],
  ])('answers %j with one line and 2', (args, message) => {
    expect(example(...args)).toMatchObject({ status: 2, stdout: '', stderr: `framing: ${message}\n` });
  });
});

describe.each(framings)('messages with a %s before them', (framing) => {
  const framed = (message: Uint8Array): Buffer => {
    using chain = appendHeader(new IoBuf(), framing, message.length).append(message);
    return chain.toBuffer();
  };

  test('are found whatever the chunks', () => {
    const random = new Random();
    const messages = Array.from({ length: 200 }, () => random.bytes(random.size(40_000)));
    const wire = Buffer.concat(messages.map(framed));
    using frames = new Frames(framing);
    const found: Buffer[] = [];
    for (let at = 0; at < wire.length; ) {
      const chunk = wire.subarray(at, at + 1 + random.size(100_000));
      at += chunk.length;
      frames.take(IoBuf.from(chunk));
      for (let message = frames.next(); message !== undefined; message = frames.next()) {
        found.push(message.toBuffer());
        message.release();
      }
    }
    const same = found.length === messages.length && found.every((each, at) => each.equals(messages[at]!));
    expect({ seed: random.seed, same }).toMatchObject({ same: true });
    frames.expectNothing();
  });

  test('that are too long are refused before they have come', () => {
    expect(headersOf(framing, MESSAGE_MAX)).toBe(undefined);
    expect(() => headersOf(framing, MESSAGE_MAX + 1)).toThrow(`a message must have at most ${MESSAGE_MAX} bytes; received a header for ${MESSAGE_MAX + 1}`);
  });
});

function headersOf(framing: Framing, length: number): IoBuf | undefined {
  using frames = new Frames(framing);
  frames.take(appendHeader(new IoBuf(), framing, length));
  return frames.next();
}

test('a varint that does not end is refused', () => {
  using frames = new Frames('varint');
  frames.take(IoBuf.from(Buffer.alloc(5, 0xff)));
  expect(() => frames.next()).toThrow('varint');
});
