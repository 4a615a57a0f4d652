import { defineConfig } from 'vitest/config';

/** The tier of a test is in its file name: `.unit.`, `.int.`, `.e2e.`, `.chaos.` or `.compose.spec.ts`. */
const tier = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`{apps,libs,servers,test,examples,bench}/**/*.${name}.spec.ts`], ...extra },
});

/** In CI, what talks to real servers and processes gets a second try; the tally names each test that needed it. */
const retry = process.env['CI'] ? 1 : 0;

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
      // a case may lint a file, which takes seconds on a busy machine
      tier('unit', { testTimeout: 30_000 }),
      tier('int', { retry, testTimeout: 40_000, hookTimeout: 60_000 }),
      // one after the other: what measures time or kills processes gets the machine to itself
      tier('e2e', {
        retry,
        sequence: { groupOrder: 1 },
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      tier('chaos', {
        retry,
        sequence: { groupOrder: 2 },
        testTimeout: 300_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      // builds the image and starts docker-compose.yml; hooks have time-outs of their own
      tier('compose', { retry, sequence: { groupOrder: 3 }, testTimeout: 300_000, fileParallelism: false }),
    ],
  },
});
