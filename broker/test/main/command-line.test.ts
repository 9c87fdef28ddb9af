// The command line of corebuf-broker: files that its flags name, and mistakes, which are told in one line.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { help, parseCommandLine, UsageError } from '../../main/command-line';
import { newFolder } from '../clients/broker';

let folder: string;
beforeAll(() => {
  folder = newFolder();
  writeFileSync(join(folder, 'users'), '{"alice":"secret"}');
  writeFileSync(join(folder, 'key'), 'a key');
  writeFileSync(join(folder, 'cert'), 'a certificate');
  writeFileSync(join(folder, 'text'), 'no JSON');
  writeFileSync(join(folder, 'list'), '[]');
});

/** Names of files stand for their paths. */
function parse(...args: string[]): unknown {
  return parseCommandLine(args.map((arg) => arg.replace(/^@/, `${folder}/`)));
}

test('users, key and certificate come from files', () => {
  expect(parse('--dir', 'x', '--sasl-users', '@users', '--tls-key', '@key', '--tls-cert', '@cert')).toEqual({
    dir: 'x', port: 9092, sasl: { users: { alice: 'secret' } }, tls: { key: 'a key', cert: 'a certificate' },
  });
});

test.each([
  [['--port', '1'], '--dir must be given'],
  [['--dir', 'x', '--port', 'one'], "--port must be a whole number, not 'one'"],
  [['--dir', 'x', '--tls-key', '@key'], '--tls-key and --tls-cert must be given together'],
  [['--dir', 'x', '--tls-key', '@key', '--tls-cert', '@none'], '--tls-cert: .*/none cannot be read: ENOENT'],
  [['--dir', 'x', '--sasl-users', '@text'], '--sasl-users: .*/text is no JSON'],
  [['--dir', 'x', '--config', '@list'], '--config: .*/list must hold a JSON object'],
  [['--dir', 'x', '--colour'], "Unknown option '--colour'"],
])('%j is a mistake', (args, message) => {
  expect(() => parse(...args)).toThrow(UsageError);
  expect(() => parse(...args)).toThrow(new RegExp(`^${message}[^\n]*$`));
});

test('every flag stands in the help', () => {
  for (const flag of ['dir', 'port', 'listen', 'advertise', 'shards', 'memory', 'node-id', 'partitions', 'no-auto-create', 'tls-key', 'tls-cert', 'sasl-users', 'config']) {
    expect(help).toContain(`  --${flag} `);
  }
});
