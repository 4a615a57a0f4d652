import { describe, expect, it } from 'vitest';
import { parseExecutorConfig } from './config.js';

const parse = (section?: unknown) =>
  parseExecutorConfig({ section: (name) => (name === 'tool-executor' ? section : undefined) });

describe('parseExecutorConfig', () => {
  it('has a default for everything', () => {
    expect(parse()).toMatchObject({ capacityPerServer: 64, startParallel: 8, progressPerSecond: 10, drainMs: 10_000 });
  });

  it('takes what is given and keeps the other defaults', () => {
    const defaults = parse({}).restart;
    expect(parse({ restart: { minMs: 10 } }).restart).toEqual({ ...defaults, minMs: 10 });
    expect(defaults).toMatchObject({ maxMs: 30_000, healthyAfterMs: 60_000 });
  });

  it('names every wrong value by its path', () => {
    expect(() => parse({ capacityPerServer: 0, pool: { stdioMax: 'many' }, surprise: 1 })).toThrow(
      /signalbox\.tool-executor\.capacityPerServer: .*signalbox\.tool-executor\.pool\.stdioMax: .*surprise/s,
    );
  });
});
