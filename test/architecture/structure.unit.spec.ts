import { cruise } from 'dependency-cruiser';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const SERVICES = ['gateway', 'registry', 'tool-executor', 'resource-service', 'monitor'];
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file));
const sources = tracked.filter(
  (file) => /^(apps|libs|servers)\/.*\/src\/.*\.ts$/.test(file) && !file.endsWith('.spec.ts'),
);
const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

describe('structure', () => {
  it('keeps files small: none over 400 lines, the median under 100', () => {
    const sizes = sources.map((file) => ({ file, lines: linesOf(file) })).sort((a, b) => a.lines - b.lines);
    expect(sizes.filter(({ lines }) => lines > 400)).toEqual([]);
    expect(sizes[Math.floor(sizes.length / 2)]!.lines).toBeLessThan(100);
  });

  it.each(SERVICES)(
    '%s starts from a main of at most 20 lines, and reads its configuration in one place',
    (service) => {
      expect(linesOf(`apps/${service}/src/main.ts`)).toBeLessThanOrEqual(20);
      expect(existsSync(`apps/${service}/src/config.ts`)).toBe(true);
    },
  );

  it('has a test in every feature folder', () => {
    const features = new Set(
      sources.map((file) => /^apps\/[^/]+\/src\/features\/[^/]+/.exec(file)?.[0]).filter((f) => f !== undefined),
    );
    const untested = [...features].filter(
      (folder) => !tracked.some((f) => f.startsWith(`${folder}/`) && f.endsWith('.spec.ts')),
    );
    expect(features.size).toBeGreaterThan(10);
    expect(untested).toEqual([]);
  });

  it('names the tier of every test in its file name', () => {
    const untiered = tracked.filter(
      (f) => f.endsWith('.spec.ts') && !/\.(unit|int|e2e|chaos|compose)\.spec\.ts$/.test(f),
    );
    expect(untiered).toEqual([]);
  });

  it('has no import cycles', { timeout: 180_000 }, async () => {
    const { output } = await cruise(['apps', 'libs', 'servers'], {
      ruleSet: { forbidden: [{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }] },
      validate: true,
      includeOnly: '^(apps|libs|servers)/',
      exclude: { path: '/dist/|node_modules|\\.spec\\.ts$' },
      tsPreCompilationDeps: false,
      enhancedResolveOptions: {
        conditionNames: ['@signalbox/source', 'import', 'default'],
        exportsFields: ['exports'],
      },
    });
    if (typeof output === 'string') throw new Error(output);
    expect(output.summary.violations.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
    expect(output.summary.totalCruised).toBeGreaterThan(100);
  });
});
