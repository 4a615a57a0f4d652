import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { banner } from './banner.js';

const server = (name: string, source: string): UpstreamDefinition => ({
  name,
  source,
  target: { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: { Authorization: 'Bearer secret' } },
  settings: upstreamSettingsSchema.parse({}),
});
const config = {
  path: undefined,
  problems: [{ path: 'mcpServers.github.url', message: 'Invalid URL' }],
  servers: [server('files', 'default'), server('registry', 'built-in')],
  settings: {
    profile: 'embedded',
    dataDir: '/data',
    portBase: 13000,
    bind: '0.0.0.0',
    exposed: ['gateway'],
    metricsExporter: 'otlp',
    consulPrefix: 'signalbox/config',
    servers: {},
  },
} as const;

describe('the banner', () => {
  it('holds a client configuration that can be pasted as it stands', () => {
    const text = banner(config);
    const pasted = text.slice(text.indexOf('\n{') + 1, text.indexOf('\n}') + 2);
    expect(JSON.parse(pasted)).toEqual({
      mcpServers: { signalbox: { type: 'http', url: 'http://127.0.0.1:13000/mcp' } },
    });
  });

  it('names the monitor, the servers and each problem, and no secret', () => {
    const text = banner(config);
    expect(text).toContain('http://127.0.0.1:13004/');
    expect(text).toContain('files, registry (built in) (starting)');
    expect(text).toContain('mcpServers.github.url: Invalid URL');
    expect(text).not.toContain('secret');
  });
});
