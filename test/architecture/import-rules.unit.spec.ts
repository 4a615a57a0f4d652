import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

/** Code in a place → the rule that must object, or nothing. */
const CASES: [file: string, code: string, rule?: string][] = [
  ['libs/domain/src/call/x.ts', `import { EVENTS } from '@signalbox/contracts'; EVENTS;`],
  ['libs/domain/src/call/x.ts', `import { y } from './y.js'; y;`],
  ['libs/domain/src/call/x.ts', `import { readFileSync } from 'node:fs'; readFileSync;`, 'no-restricted-imports'],
  ['libs/domain/src/call/x.ts', `import { Injectable } from '@nestjs/common'; Injectable;`, 'no-restricted-imports'],
  [
    'libs/domain/src/call/x.ts',
    `import type { EventStore } from '@signalbox/ports'; export type X = EventStore;`,
    'no-restricted-imports',
  ],
  ['libs/ports/src/x.ts', `import { request } from 'undici'; request;`, 'no-restricted-imports'],
  ['libs/contracts/src/x.ts', `import * as z from 'zod'; z;`],
  ['libs/contracts/src/x.ts', `export * from '@signalbox/ports';`, 'no-restricted-imports'],
  ['libs/runtime/src/x.ts', `import { systemClock } from '@signalbox/ports'; systemClock;`],
  ['libs/runtime/src/x.ts', `import { x } from '@signalbox/adapter-embedded'; x;`, 'no-restricted-imports'],
  ['libs/adapters/embedded/src/x.ts', `import { DatabaseSync } from 'node:sqlite'; DatabaseSync;`],
  ['libs/adapters/embedded/src/x.ts', `import { x } from '@signalbox/runtime'; x;`, 'no-restricted-imports'],
  ['apps/gateway/src/features/a/x.ts', `import { x } from '@signalbox/mcp'; x;`],
  ['apps/gateway/src/features/a/x.ts', `import { x } from '@signalbox/domain/call'; x;`],
  ['apps/gateway/src/features/a/x.ts', `import { x } from '@signalbox/platform'; x;`, 'no-restricted-imports'],
  ['apps/gateway/src/features/a/x.ts', `import { x } from '@signalbox/adapter-embedded'; x;`, 'no-restricted-imports'],
  ['apps/gateway/src/features/a/x.ts', `import { x } from '@signalbox/registry'; x;`, 'no-restricted-imports'],
  [
    'apps/gateway/src/features/a/x.ts',
    `import { forwardRef } from '@nestjs/common'; forwardRef;`,
    'no-restricted-imports',
  ],
  [
    'apps/gateway/src/features/a/x.ts',
    `import { x } from '../../../../registry/src/x.js'; x;`,
    'signalbox/no-package-crossing',
  ],
  ['apps/gateway/src/features/a/x.ts', `export const x = process.env.HOME;`, 'no-restricted-properties'],
  ['apps/gateway/src/features/a/x.ts', `export const x = () => fetch('/');`, 'no-restricted-globals'],
  [
    'apps/gateway/src/main.ts',
    `import { x } from '@signalbox/platform'; import { start } from './index.js'; x; start;`,
  ],
  ['apps/gateway/src/main.ts', `import { x } from '@signalbox/adapter-embedded'; x;`, 'no-restricted-imports'],
  ['apps/cli/src/main.ts', `import { x } from '@signalbox/launcher'; import { y } from '@signalbox/platform'; x; y;`],
  ['apps/cli/src/main.ts', `import { x } from '@signalbox/gateway'; x;`, 'no-restricted-imports'],
  ['apps/cli/src/features/a/x.ts', `import { x } from '@signalbox/platform'; x;`, 'no-restricted-imports'],
  ['apps/launcher/src/x.ts', `import { start } from '@signalbox/gateway'; start;`],
  ['apps/launcher/src/x.ts', `import { x } from '@signalbox/adapter-embedded'; x;`, 'no-restricted-imports'],
  [
    'libs/mcp/src/x.ts',
    `export class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6) {} }`,
    'no-restricted-syntax',
  ],
  ['libs/mcp/src/x.ts', 'export const x = 1;\n'.repeat(1) + '// line\n'.repeat(400), 'max-lines'],
  ['apps/gateway/src/features/a/x.int.spec.ts', `import { x } from '@signalbox/adapter-embedded'; x;`],
];

describe('import rules', () => {
  const eslint = new ESLint();

  it.each(CASES)('%s: %s', async (file, code, rule) => {
    const [result] = await eslint.lintText(code, { filePath: file });
    const rules = result!.messages
      .filter(
        ({ ruleId }) =>
          ruleId?.startsWith('no-restricted') ||
          ruleId?.startsWith('signalbox/') ||
          ruleId === 'max-lines' ||
          ruleId === null,
      )
      .map(({ ruleId, message }) => ruleId ?? message);
    expect([...new Set(rules)]).toEqual(rule ? [rule] : []);
  });
});
