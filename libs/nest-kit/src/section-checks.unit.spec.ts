import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sectionChecks } from './section-checks.js';

const checks = sectionChecks({
  gateway: z.strictObject({ sessions: z.strictObject({ max: z.number().max(9).default(5) }).prefault({}) }),
});
const check = (section: unknown) => () => checks['gateway']!({ section: () => section });

describe('the check of a section', () => {
  it('gives it with its defaults', () => {
    expect(check(undefined)()).toEqual({ sessions: { max: 5 } });
  });

  it('names each wrong value by its path, with what is allowed', () => {
    expect(check({ sessions: { max: 10 } })).toThrow(/^signalbox\.gateway\.sessions\.max: .*9/);
    expect(check({ sessions: { maks: 1 }, 'a b': 1 })).toThrow(
      'signalbox.gateway.sessions.maks: unknown key; known: max\nsignalbox.gateway["a b"]: unknown key; known: sessions',
    );
  });
});
