// What the compiler does not say: no `any`, no lost promise, no enum, no default export, #private instead of `private`.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { configs } from 'typescript-eslint';

const inWords = [
  ['TSEnumDeclaration', 'An enum is code that types should not make: use a union of literals.'],
  ['ExportDefaultDeclaration', 'One thing, one name: no default export.'],
  [':matches(PropertyDefinition, MethodDefinition[kind!="constructor"], TSParameterProperty)[accessibility]', 'Use #private; public is the rule.'],
];

/** State of lib/ stands in `state.ts` of its folder. A function that a static block assigns is no state. */
const moduleState = ['Program > VariableDeclaration', 'Program > ExportNamedDeclaration > VariableDeclaration'].map((place) => ({
  selector: `${place}[kind="let"]:not([declarations.0.id.typeAnnotation.typeAnnotation.type="TSFunctionType"])`,
  message: 'State of a module: put it into the `state` object of the folder (state.ts), or into an object that owns it.',
}));
/** Modules from before this rule; no other may join them. */
const withState = ['lib/buffer/{dma-cache,handle-block,views}.ts'];
const rules = inWords.map(([selector, message]) => ({ selector, message }));

export default defineConfig(
  { ignores: ['dist/', 'broker/dist/', 'out/', 'build*/', 'prebuilds/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: { console: false, process: false, performance: false, require: false, module: true, __dirname: false, Buffer: false, URL: false },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'tsconfig.json', 'tsconfig.page.json', 'tsconfig.programs.json', 'tools/reference/tsconfig.json', 'test/tsconfig.json', 'broker/tsconfig.json',
          'broker/test/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-syntax': ['error', ...rules],
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
  { files: ['lib/**/*.ts'], ignores: ['lib/*/state.ts', ...withState], rules: { 'no-restricted-syntax': ['error', ...rules, ...moduleState] } },
  // The one place where the binary comes in, and the one for modules of Node that are loaded late.
  { files: ['lib/native/load.ts', 'lib/base/late-modules.ts', 'broker/security/node-modules.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    // Tests and programs may assert what they know and throw what they like.
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts', 'broker/test/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
