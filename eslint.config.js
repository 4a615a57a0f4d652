import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { restrictionOf, ZONES } from './tools/lint/import-rules.js';
import { noPackageCrossing } from './tools/lint/no-package-crossing.js';

const SPECS = ['**/*.spec.ts', 'test/**', 'examples/**'];
const BROWSER = ['apps/monitor/public/**/*.js'];
const browserGlobals = Object.fromEntries(
  'document window location history EventSource fetch URL URLSearchParams Intl console setTimeout clearTimeout setInterval clearInterval requestAnimationFrame HTMLElement customElements AbortController AbortSignal Event CustomEvent EventTarget CSS getSelection addEventListener sessionStorage localStorage navigator matchMedia'
    .split(' ')
    .map((name) => [name, 'readonly']),
);
const nodeGlobals = Object.fromEntries(
  'process console Buffer URL setTimeout clearTimeout setInterval clearInterval setImmediate performance fetch AbortSignal AbortController TextDecoder TextEncoder'
    .split(' ')
    .map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'data/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    plugins: { signalbox: { rules: { 'no-package-crossing': noPackageCrossing } } },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>5]',
          message: 'A constructor takes at most five parameters.',
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      'signalbox/no-package-crossing': 'error',
    },
  },
  ...ZONES.toReversed().map((zone) => ({
    files: [zone.files],
    ignores: SPECS,
    rules: { 'no-restricted-imports': ['error', restrictionOf(zone)] },
  })),
  {
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts', 'libs/adapters/*/src/**/*.ts'],
    ignores: [...SPECS, 'libs/platform/**', 'libs/port-contracts/**', 'libs/testing/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Configuration comes through ConfigSource.' },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'fetch costs five times the CPU of undici (STACK).' },
      ],
    },
  },
  {
    files: SPECS,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      'signalbox/no-package-crossing': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ignores: BROWSER, languageOptions: { globals: nodeGlobals } },
  { files: BROWSER, languageOptions: { globals: browserGlobals } },
);
