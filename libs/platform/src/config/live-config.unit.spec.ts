import type { ConfigTree } from '@signalbox/contracts';
import { describeProblem, type ConfigChange, type ConfigLayerState, type ConfigSource } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { environmentLayer } from './env-layer.js';
import { LiveConfig } from './live-config.js';
import { SECTION_NAMES } from './resolve.js';
import { readSettings } from './settings.js';
import { ConfigError } from './config-error.js';
import { problemsOf } from './zod-problems.js';

const CONSUL = { source: 'consul', where: 'signalbox/config in Consul' } as const;
const gatewaySchema = z.strictObject({
  sessions: z.strictObject({ max: z.number().max(100).default(10) }).prefault({}),
});
const checks = {
  gateway: ({ section }: Pick<ConfigSource, 'section'>) => {
    const parsed = gatewaySchema.safeParse(section('gateway') ?? {});
    if (parsed.success) return parsed.data;
    throw new ConfigError(problemsOf(parsed.error.issues, 'signalbox.gateway'));
  },
};

function configOf(file: ConfigTree, env: Record<string, string> = {}) {
  const config = new LiveConfig({
    env,
    path: '/etc/signalbox.json',
    layers: [{ source: 'file', where: '/etc/signalbox.json', value: file }, environmentLayer(env, SECTION_NAMES)],
    settings: readSettings(env),
  });
  config.use(checks);
  const changes: ConfigChange[] = [];
  const refusals: ConfigLayerState[] = [];
  config.onChange((change) => changes.push(change));
  config.onRefused((layer) => refusals.push(layer));
  return { config, changes, refusals };
}
const maxOf = (config: LiveConfig): unknown =>
  (config.effective() as { signalbox: { gateway: { sessions: { max: number } } } }).signalbox.gateway.sessions.max;
const own = (config: LiveConfig): string[] =>
  config.servers.flatMap(({ name, source }) => (source === 'built-in' ? [] : [name]));
const gateway = (max: unknown): ConfigTree => ({ signalbox: { gateway: { sessions: { max } } } });
const MAX = 'signalbox.gateway.sessions.max';

describe('the layers of the configuration', () => {
  it('are default, file, environment, Consul, the weakest first', () => {
    const { config } = configOf({});
    expect([maxOf(config), config.originOf(MAX)]).toEqual([10, undefined]);
    config.update('file', gateway(20));
    expect([maxOf(config), config.originOf(MAX)]).toEqual([20, { source: 'file', where: '/etc/signalbox.json' }]);

    const { config: stronger } = configOf(gateway(20), { SIGNALBOX__GATEWAY__SESSIONS__MAX: '30' });
    expect([maxOf(stronger), stronger.originOf(MAX)]).toEqual([
      30,
      { source: 'environment', where: 'SIGNALBOX__GATEWAY__SESSIONS__MAX' },
    ]);
    stronger.add({ ...CONSUL, value: gateway(40) });
    expect([maxOf(stronger), stronger.originOf(MAX)]).toEqual([40, CONSUL]);
    stronger.update('consul', undefined);
    expect(maxOf(stronger)).toBe(30);
  });

  it('are merged key by key; null takes a key away; lists are replaced', () => {
    const { config } = configOf({ mcpServers: { a: { command: 'x', args: ['1', '2'] }, b: { command: 'y' } } });
    config.add({ ...CONSUL, value: { mcpServers: { a: { args: ['3'] }, b: null, c: { url: 'http://c' } } } });
    expect(config.document).toEqual({ mcpServers: { a: { command: 'x', args: ['3'] }, c: { url: 'http://c' } } });
    expect(
      config.servers.filter(({ source }) => source !== 'built-in').map(({ name, source }) => [name, source]),
    ).toEqual([
      ['a', '/etc/signalbox.json'],
      ['c', 'signalbox/config in Consul'],
    ]);
    expect(config.originOf('mcpServers.a.args[0]')).toEqual(CONSUL);
    expect(config.originOf('mcpServers.b.command')).toBeUndefined();
  });

  it('name a wrong value with its path, what is allowed, and where it is', () => {
    const { config } = configOf(gateway(20), { SIGNALBOX__GATEWAY__SESSIONS__MAX: '300' });
    expect(config.use(checks).map(describeProblem)).toEqual([
      expect.stringMatching(/^signalbox\.gateway\.sessions\.max: .*100.* \(in SIGNALBOX__GATEWAY__SESSIONS__MAX\)$/),
    ]);
  });

  it('of which Consul is wrong at the start: the wrong value is left out, a weaker layer counts there', () => {
    const { config } = configOf({ ...gateway(20), mcpServers: { a: { command: 'x' } } });
    const left = config.add({
      ...CONSUL,
      value: { ...gateway(300), mcpServers: { b: { command: 'y' }, 'c d': { command: 'z' } }, colour: 1 },
    });
    expect(left.map(({ path, where }) => [path, where])).toEqual([
      ['colour', CONSUL.where],
      ['mcpServers["c d"]', CONSUL.where],
      [MAX, CONSUL.where],
    ]);
    expect(maxOf(config)).toBe(20);
    expect(own(config)).toEqual(['a', 'b']);
    expect(config.problems).toEqual(left);
    expect(config.layers().at(-1)).toMatchObject({ source: 'consul', state: 'ok', problems: left });
  });

  it('of which Consul says something about the process at the start: it counts', () => {
    const { config } = configOf({});
    config.add({
      ...CONSUL,
      value: { signalbox: { network: { expose: ['gateway', 'monitor'] }, startup: { waitMs: 5 } } },
    });
    expect(config.settings.exposed).toEqual(['gateway', 'monitor']);
    expect(config.process.startup.waitMs).toBe(5);
  });
});

describe('an edit while running', () => {
  it('is told with what was before and after', () => {
    const { config, changes, refusals } = configOf(gateway(20));
    expect(config.update('file', gateway(21))).toBe(true);
    expect(changes).toEqual([
      { sources: [{ source: 'file', where: '/etc/signalbox.json' }], before: gateway(20), after: gateway(21) },
    ]);
    expect(refusals).toEqual([]);
  });

  it.each([
    ['a section that its service refuses', gateway(300), MAX],
    ['a server that is none', { mcpServers: { b: { comand: 'x' } } }, 'mcpServers.b'],
    ['an unknown key', { mcpServer: {} }, 'mcpServer'],
    ['a section of the process', { signalbox: { logging: { level: 'loud' } } }, 'signalbox.logging.level'],
    ['an adapter that there is not', { signalbox: { adapters: { bus: 'pigeon' } } }, 'signalbox.adapters.bus'],
    ['a variable that is not set', { signalbox: { gateway: { x: '${NOPE}' } } }, 'signalbox.gateway.x'],
  ])('with %s changes nothing, and is told', (_what, value, path) => {
    const { config, changes, refusals } = configOf({ ...gateway(20), mcpServers: { a: { command: 'x' } } });
    expect(config.update('file', value)).toBe(false);
    expect(changes).toEqual([]);
    expect([maxOf(config), own(config)]).toEqual([20, ['a']]);
    expect(refusals).toMatchObject([{ source: 'file', state: 'refused', problems: [{ path }] }]);
    expect(config.layers()[0]).toEqual(refusals[0]);
    config.update('file', value);
    expect(refusals).toHaveLength(1);
    config.update('file', gateway(20));
    expect(config.layers()[0]).toMatchObject({ state: 'ok', problems: [] });
  });

  it('is not refused for what was wrong before', () => {
    const wrong = { bad: { url: 'ftp://x' } };
    const { config } = configOf({ mcpServers: { ...wrong, a: { command: 'x' } } });
    expect(config.update('file', { mcpServers: { ...wrong, a: { command: 'x' }, b: { command: 'y' } } })).toBe(true);
    expect(own(config)).toEqual(['a', 'b']);
    expect(config.problems).toHaveLength(1);
  });

  it('says which of its changes wait for a restart', () => {
    const { config } = configOf({ ...gateway(20), mcpServers: { a: { command: 'x' } } });
    expect(config.needsRestart()).toEqual([]);
    config.update('file', { signalbox: { storage: { synchronous: 'FULL' }, logging: { level: 'debug' } } });
    expect(config.needsRestart()).toEqual(['signalbox.storage.synchronous', MAX].toSorted().reverse());
    expect(config.process.storage.synchronous).toBe('NORMAL');
    config.update('file', gateway(20));
    expect(config.needsRestart()).toEqual([]);
  });

  it('that hides behind a stronger layer changes nothing', () => {
    const { config, changes } = configOf(gateway(20), { SIGNALBOX__GATEWAY__SESSIONS__MAX: '30' });
    expect(config.update('file', gateway(25))).toBe(true);
    expect([maxOf(config), changes]).toEqual([30, []]);
  });
});

describe('what a rollback holds in place', () => {
  const path = MAX.split('.');

  it('counts before every source, until somebody changes that place', () => {
    const { config, changes } = configOf(gateway(20));
    expect(config.hold([{ path, value: 15, base: 20 }])).toEqual([]);
    expect([maxOf(config), config.originOf(MAX)?.source]).toEqual([15, 'rollback']);
    expect(config.base).toEqual(gateway(20));
    expect(changes.at(-1)!.sources).toEqual([{ source: 'rollback', where: 'the event log' }]);
    config.update('file', { ...gateway(20), mcpServers: { a: { command: 'x' } } });
    expect(maxOf(config)).toBe(15);
    config.update('file', gateway(21));
    expect([maxOf(config), config.overlay]).toEqual([21, []]);
    config.update('file', gateway(20));
    expect(maxOf(config)).toBe(20);
  });

  it('may be that there is nothing', () => {
    const { config } = configOf({ mcpServers: { a: { command: 'x', env: { KEY: 'geheim' } } } });
    config.hold([{ path: ['mcpServers', 'a'], base: { command: 'x', env: { KEY: '***' } } }]);
    expect(own(config)).toEqual([]);
  });

  it('is refused when it would be wrong, and nothing changes', () => {
    const { config, changes } = configOf(gateway(20));
    expect(config.hold([{ path, value: 300, base: 20 }])).toMatchObject([{ path: MAX }]);
    expect([maxOf(config), changes, config.overlay]).toEqual([20, [], []]);
  });
});
