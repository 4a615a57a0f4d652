import { defineConfig } from 'vitest/config';

/** The tier of a test is in its file name: `.unit.`, `.int.`, `.e2e.` or `.chaos.spec.ts`. */
const tier = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`{apps,libs,servers,test,examples,bench}/**/*.${name}.spec.ts`], ...extra },
});

const condition = '@signalbox/source';

export default defineConfig({
  resolve: { conditions: [condition] },
  // specs are not part of their package's tsconfig, so they would miss its decorator settings
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  ssr: { resolve: { conditions: [condition] } },
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    reporters: ['default', './scripts/tally-reporter.js'],
    // two cores: more workers than that only make time-outs
    maxWorkers: 2,
    projects: [
      tier('unit'),
      tier('int', { testTimeout: 20_000, hookTimeout: 20_000 }),
      // one after the other: what measures time or kills processes gets the machine to itself
      tier('e2e', { sequence: { groupOrder: 1 }, testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false }),
      tier('chaos', { sequence: { groupOrder: 2 }, testTimeout: 300_000, hookTimeout: 60_000, fileParallelism: false }),
    ],
  },
});
