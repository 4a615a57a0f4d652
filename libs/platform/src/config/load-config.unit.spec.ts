import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';
import { hostname } from 'node:os';
import { advertisedHost, bindOf } from './settings.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, env: Record<string, string> = {}) {
  const path = join(folder, 'signalbox.json');
  writeFileSync(path, text);
  return loadConfig({ env, argv: ['--config', path] });
}
const own = (config: ReturnType<typeof load>) => config.servers.filter((server) => server.source !== 'built-in');

function thrownBy(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('the configuration file', () => {
  it('takes the mcpServers of MCP hosts, with comments and trailing commas', () => {
    const config = load(`{
      // two kinds of server
      "mcpServers": {
        "files": { "command": "npx", "args": ["-y", "server-files", "/tmp"], "env": { "A": "b" } },
        "remote": { "type": "http", "url": "https://example.org/mcp", "headers": { "X-Key": "1" }, },
      },
    }`);
    expect(config.problems).toEqual([]);
    expect(own(config).map(({ name, target }) => ({ name, target }))).toEqual([
      {
        name: 'files',
        target: { kind: 'stdio', command: 'npx', args: ['-y', 'server-files', '/tmp'], env: { A: 'b' } },
      },
      { name: 'remote', target: { kind: 'http', url: 'https://example.org/mcp', headers: { 'X-Key': '1' } } },
    ]);
    expect(own(config)[0]?.settings).toMatchObject({ deadlineMs: 60_000, trusted: false, pool: { min: 1 } });
    expect(own(config)[0]?.source).toBe(join(folder, 'signalbox.json'));
  });

  it.each([
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "github": {"url":"ftp://x"} } }',
      'mcpServers.github.url',
      'Invalid URL',
    ],
    ['{ "mcpServers": { "ok": {"command":"x"}, "g": {} } }', 'mcpServers.g', 'either "command"'],
    ['{ "mcpServers": { "ok": {"command":"x"}, "g": {"comand":"x"} } }', 'mcpServers.g', 'did you mean "command"'],
    ['{ "mcpServers": { "ok": {"command":"x"}, "g": 5 } }', 'mcpServers.g', 'either "command"'],
    ['{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"x","url":"http://x"} } }', 'mcpServers.g', 'both'],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"x","args":["a",5]} } }',
      'mcpServers.g.args[1]',
      'string',
    ],
    ['{ "mcpServers": { "ok": {"command":"x"}, "a b": {"command":"x"} } }', 'mcpServers["a b"]', 'no server name'],
    ['{ "mcpServers": { "ok": {"command":"x"}, "registry": {"command":"x"} } }', 'mcpServers.registry', 'built-in'],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"type":"websocket","url":"http://x"} } }',
      'mcpServers.g.type',
      'streamable-http',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"x","signalbox":{"deadlinMs":5}} } }',
      'mcpServers.g.signalbox.deadlinMs',
      'did you mean "deadlineMs"',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"x","signalbox":{"pool":{"mim":3}}} } }',
      'mcpServers.g.signalbox.pool.mim',
      'did you mean "min"? Known: min, max, acquireTimeoutMs',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"x","signalbox":{"pool":{"min":3,"max":2}}} } }',
      'mcpServers.g.signalbox.pool.max',
      'below min',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"command":"${NOPE}"} } }',
      'mcpServers.g.command',
      'NOPE is not set',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"url":"http://x","headers":{"a":"${file:/no/such/file}"}} } }',
      'mcpServers.g.headers.a',
      '/no/such/file cannot be read: ENOENT',
    ],
    [
      '{ "mcpServers": { "ok": {"command":"x"}, "g": {"url":"http://x","auth":{"type":"client_credentials","clientId":"c"}} } }',
      'mcpServers.g.auth',
      'needs either "clientSecret" or "privateKey"',
    ],
    ['{ "mcpServers": { "ok": {"command":"x"} }, "mcpserver": {} }', 'mcpserver', 'did you mean "mcpServers"'],
    [
      '{ "mcpServers": { "ok": {"command":"x"} }, "signalbox": {"gatway": {}} }',
      'signalbox.gatway',
      'did you mean "gateway"',
    ],
    ['{ "mcpServers": { "ok": {"command":"y"}, "ok": {"command":"x"} } }', 'mcpServers.ok', 'stands twice'],
  ])('names the problem of %s and keeps the others', (text, path, message) => {
    const config = load(text);
    expect(config.problems).toEqual([{ path, message: expect.stringContaining(message) }]);
    expect(own(config).map(({ name, target }) => [name, target])).toEqual([
      ['ok', { kind: 'stdio', command: 'x', args: [], env: {} }],
    ]);
  });

  it('leaves out disabled servers without a word', () => {
    const config = load('{ "mcpServers": { "off": { "command": "${NOT_SET}", "disabled": true } } }');
    expect([own(config), config.problems]).toEqual([[], []]);
  });

  it('fills in variables, with defaults, in command, args, env, url and headers', () => {
    const config = load(
      `{ "mcpServers": {
        "a": { "command": "\${BIN}", "args": ["--port=\${PORT:-80}", "\${EMPTY:-x}"], "env": { "T": "\${TOKEN}" } },
        "b": { "url": "http://\${HOST}/mcp", "headers": { "Authorization": "Bearer \${TOKEN}" } } } }`,
      { BIN: '/bin/a', TOKEN: 's3', HOST: 'h:1', EMPTY: '' },
    );
    expect(config.problems).toEqual([]);
    expect(own(config).map(({ target }) => target)).toEqual([
      { kind: 'stdio', command: '/bin/a', args: ['--port=80', 'x'], env: { T: 's3' } },
      { kind: 'http', url: 'http://h:1/mcp', headers: { Authorization: 'Bearer s3' } },
    ]);
  });

  it('names line and column of what is no JSON', () => {
    expect(thrownBy(() => load('{\n  "mcpServers": {\n    "a": nope }\n}'))).toMatch(
      /signalbox\.json:3:10: is not JSON/,
    );
    expect(thrownBy(() => load(''))).toMatch(/signalbox\.json:1:1: is not JSON/);
    expect(thrownBy(() => load('[]'))).toMatch(/must be a JSON object, is array/);
  });

  it('names a file that is not there and arguments that are not known', () => {
    expect(thrownBy(() => loadConfig({ env: {}, argv: ['--config', join(folder, 'no')] }))).toMatch(
      /no: cannot be read: ENOENT/,
    );
    expect(thrownBy(() => loadConfig({ env: {}, argv: ['--prot', '5'] }))).toMatch(/--prot.*Allowed: --config FILE/s);
  });

  it('hands each service its own section as it stands', () => {
    const config = load('{ "signalbox": { "gateway": { "anything": [1] } } }');
    expect(config.section('gateway')).toEqual({ anything: [1] });
    expect(config.section('monitor')).toBeUndefined();
    expect(config.section('toString')).toBeUndefined();
  });

  it('takes variables of the environment into sections, and names those that are not set', () => {
    const text =
      '{ "signalbox": { "gateway": { "auth": { "tokens": [{ "principal": "a", "token": "${TOKEN}" }] } } } }';
    expect(load(text, { TOKEN: 'secret' }).section('gateway')).toEqual({
      auth: { tokens: [{ principal: 'a', token: 'secret' }] },
    });
    expect(thrownBy(() => load(text).section('gateway'))).toBe(
      'signalbox.gateway.auth.tokens[0].token: environment variable TOKEN is not set; set it or write ${TOKEN:-default}',
    );
    expect(load(text).section('monitor')).toBeUndefined();
  });

  it('takes secrets from the environment and from files', () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'from a file\n');
    const headers = { A: 'Bearer ${env:TOKEN}', B: `\${file:${secret}}`, C: '${env:NONE:-none}' };
    const auth = { type: 'authorization_code', clientId: '${ID}' };
    const config = load(JSON.stringify({ mcpServers: { s: { type: 'sse', url: 'http://x', headers, auth } } }), {
      TOKEN: 't',
      ID: 'id',
    });
    expect(config.problems).toEqual([]);
    expect(own(config)[0]!.target).toEqual({
      kind: 'http',
      url: 'http://x',
      transport: 'sse',
      headers: { A: 'Bearer t', B: 'from a file', C: 'none' },
      auth: { type: 'authorization_code', clientId: 'id' },
    });
  });

  it('checks the sections about the process itself', () => {
    expect(load('{}').process).toMatchObject({
      config: { watch: true, pollMs: 500, settleMs: 200 },
      logging: { level: 'info', format: 'auto' },
      shutdown: { drainMs: 15_000 },
      startup: { waitMs: 60_000 },
      network: { expose: ['gateway'] },
      storage: { synchronous: 'NORMAL' },
      telemetry: { sampleRatio: 1, metricsIntervalMs: 60_000 },
    });
    expect(thrownBy(() => load('{ "signalbox": { "logging": { "levl": "debug" } } }'))).toMatch(
      /signalbox\.logging\.levl: unknown key; did you mean "level"/,
    );
    expect(thrownBy(() => load('{ "signalbox": { "shutdown": { "drainMs": -1 } } }'))).toMatch(
      /signalbox\.shutdown\.drainMs/,
    );
    expect(thrownBy(() => load('{ "signalbox": { "telemetry": { "sampleRatio": 1.5 } } }'))).toMatch(
      /signalbox\.telemetry\.sampleRatio: .*<=1/,
    );
  });

  it('prefers --config to SIGNALBOX_CONFIG', () => {
    const path = join(folder, 'other.json');
    writeFileSync(path, '{ "mcpServers": { "other": { "command": "x" } } }');
    expect(load('{}', { SIGNALBOX_CONFIG: path }).path).toBe(join(folder, 'signalbox.json'));
    expect(own(loadConfig({ env: { SIGNALBOX_CONFIG: path }, argv: [] }))[0]?.name).toBe('other');
  });
});

describe('the environment', () => {
  it('has defaults', () => {
    expect(load('{}').settings).toEqual({
      profile: 'embedded',
      dataDir: join(process.cwd(), 'data'),
      consulPrefix: 'signalbox/config',
      portBase: 3000,
      bind: '127.0.0.1',
      exposed: ['gateway'],
      metricsExporter: 'otlp',
      servers: {},
    });
  });

  it.each([
    [{ SIGNALBOX_PROFILE: 'cloud' }, /SIGNALBOX_PROFILE: must be one of: embedded, distributed \(is "cloud"\)/],
    [{ SIGNALBOX_PORT_BASE: '65532' }, /SIGNALBOX_PORT_BASE: must be a whole number from 1 to 65531/],
    [{ SIGNALBOX_PORT_BASE: '0' }, /SIGNALBOX_PORT_BASE/],
    [{ SIGNALBOX_PORT_BASE: '3e3' }, /SIGNALBOX_PORT_BASE/],
    [{ OTEL_METRICS_EXPORTER: 'console' }, /OTEL_METRICS_EXPORTER: must be one of: otlp, none \(is "console"\)/],
    [{ SIGNALBOX_ADVERTISE: 'a b' }, /SIGNALBOX_ADVERTISE: must be a host name or an IP address/],
    [{ SIGNALBOX_BIND: 'nowhere' }, /SIGNALBOX_BIND: must be an IP address or localhost/],
  ])('refuses %o', (env, message) => {
    expect(thrownBy(() => load('{}', env))).toMatch(message);
  });

  it('names every wrong variable at once', () => {
    expect(thrownBy(() => load('{}', { SIGNALBOX_PROFILE: 'x', SIGNALBOX_BIND: 'y' })).split('\n')).toHaveLength(2);
  });
});

describe('built-in servers', () => {
  it.each([
    [{}, 'http://127.0.0.1:3003/mcp'],
    [{ SIGNALBOX_PORT_BASE: '13000', SIGNALBOX_BIND: '0.0.0.0' }, 'http://127.0.0.1:13003/mcp'],
    [{ SIGNALBOX_BIND: '::1' }, 'http://[::1]:3003/mcp'],
  ])('are reached where the services listen: %o', (env, url) => {
    const config = load('{}', env);
    expect(config.servers.map(({ name, source }) => [name, source])).toEqual([
      ['resources', 'built-in'],
      ['registry', 'built-in'],
    ]);
    expect(config.servers[0]?.target).toMatchObject({ kind: 'http', url });
  });
});

describe('an address that others can reach', () => {
  const gatewayAndMonitor = (text: string) => {
    const { settings } = load(text, { SIGNALBOX_BIND: '10.1.2.3' });
    return [bindOf(settings, 'gateway'), bindOf(settings, 'monitor')];
  };

  it('is the gateway’s only, because the other services know no authentication', () => {
    expect(gatewayAndMonitor('{}')).toEqual(['10.1.2.3', '127.0.0.1']);
  });

  it('is also that of services which the configuration exposes', () => {
    const text = '{ "signalbox": { "network": { "expose": ["gateway", "monitor"] } } }';
    expect(gatewayAndMonitor(text)).toEqual(['10.1.2.3', '10.1.2.3']);
    expect(thrownBy(() => load('{ "signalbox": { "network": { "expose": ["all"] } } }'))).toMatch(
      /signalbox\.network\.expose\[0\]: must be one of: gateway, registry/,
    );
  });
});

describe('without a file', () => {
  it('starts four useful servers by this very Node from installed modules', () => {
    const config = loadConfig({ env: { SIGNALBOX_DATA: folder }, argv: [] });
    expect(config.problems).toEqual([]);
    expect(own(config).map(({ name }) => name)).toEqual(['filesystem', 'everything', 'fetch', 'sql']);
    for (const { target } of own(config)) {
      expect(target).toMatchObject({ kind: 'stdio', command: process.execPath });
    }
    expect(own(config)[0]?.settings.tools.read_text_file).toEqual({ class: 'read' });
    expect(own(config)[0]?.settings.tools.write_file).toBeUndefined();
  });
});

describe('the host that is told to others', () => {
  const told = (bind: string, advertise?: string) =>
    advertisedHost({ bind, exposed: ['gateway'], advertise }, 'gateway');

  it('is the address that is listened on, or the name of the machine', () => {
    expect([told('127.0.0.1'), told('10.0.0.5'), told('0.0.0.0'), told('::')]).toEqual([
      '127.0.0.1',
      '10.0.0.5',
      hostname(),
      hostname(),
    ]);
  });

  it('is what SIGNALBOX_ADVERTISE says, for what others can reach', () => {
    expect([told('0.0.0.0', 'a.example'), told('10.0.0.5', 'a.example'), told('127.0.0.1', 'a.example')]).toEqual([
      'a.example',
      'a.example',
      '127.0.0.1',
    ]);
    const settings = { bind: '0.0.0.0', exposed: ['gateway' as const], advertise: 'a.example' };
    expect(advertisedHost(settings, 'monitor')).toBe('127.0.0.1');
  });
});
