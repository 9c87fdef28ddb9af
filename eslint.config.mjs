// What the compiler does not say: no `any`, no lost promise, no enum, no default export, #private instead of `private`.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { configs } from 'typescript-eslint';

const inWords = [
  ['TSEnumDeclaration', 'An enum is code that types should not make: use a union of literals.'],
  ['ExportDefaultDeclaration', 'One thing, one name: no default export.'],
  [':matches(PropertyDefinition, MethodDefinition[kind!="constructor"], TSParameterProperty)[accessibility]', 'Use #private; public is the rule.'],
];

export default defineConfig(
  { ignores: ['dist/', 'out/', 'build*/', 'prebuilds/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: { console: false, process: false, performance: false, require: false, module: true, __dirname: false },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'tsconfig.programs.json', 'test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-syntax': ['error', ...inWords.map(([selector, message]) => ({ selector, message }))],
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Under noUncheckedIndexedAccess every word of a typed array needs one.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // What was caught is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // A method that answers a promise for its contract need not wait for anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  // The one place where the binary comes in.
  { files: ['lib/native.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    // Tests and programs may assert what they know and throw what they like.
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
