// The binary has every constant and every function that lib/native/binding.ts declares. A name that is missing would be undefined, in silence.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Binding {
  readonly native: Readonly<Record<string, unknown>>;
  readonly constants: Readonly<Record<string, unknown>>;
}

// eslint-disable-next-line @typescript-eslint/no-require-imports
const { native, constants } = require(join(__dirname, '../../dist/core.js')) as Binding;
const declared = readFileSync(join(__dirname, '../../lib/native/binding.ts'), 'utf8');

function membersOf(name: string, member: RegExp): string[] {
  const [, body] = new RegExp(`interface ${name} \\{([^]*?)\\n\\}`).exec(declared) ?? [];
  return [...body!.matchAll(member)].map(([, found]) => found!);
}

test('each constant is a number', () => {
  const names = membersOf('Constants', /^ {2}readonly (\w+): number;/gm);
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => typeof constants[name] !== 'number')).toEqual([]);
});

test('each function is there', () => {
  const names = membersOf('Native', /^ {2}(\w+)\(/gm);
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => typeof native[name] !== 'function')).toEqual([]);
});
