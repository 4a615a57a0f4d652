import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { maskedDefinition } from './masked-definition.js';

const settings = upstreamSettingsSchema.parse({});
const mask = (target: UpstreamDefinition['target']) =>
  maskedDefinition({ name: 's', target, settings, source: 'test' });
const stdio = (args: string[], env = {}) => mask({ kind: 'stdio', command: 'node', args, env });
const http = (url: string, headers = {}) => mask({ kind: 'http', url, headers });

describe('maskedDefinition', () => {
  it('keeps names of environment variables and headers, never their values', () => {
    expect(stdio([], { B: 'geheim', A: 'auch' })).toMatchObject({ env: { A: '***', B: '***' } });
    expect(http('http://h/mcp', { Authorization: 'Bearer geheim' })).toMatchObject({
      headers: { Authorization: '***' },
    });
  });

  it('keeps ordinary arguments', () => {
    expect(stdio(['server.js', '--port', '80', '--name=a'])).toMatchObject({
      args: ['server.js', '--port', '80', '--name=a'],
    });
  });

  it.each([
    [['--token', 'geheim']],
    [['--token=geheim']],
    [['--api-key', 'geheim']],
    [['--db-password=geheim']],
    [['postgres://user:geheim@db/x']],
    [['--url', 'https://h/?key=geheim']],
  ])('masks the secret in %j', (args) => {
    expect(JSON.stringify(stdio(args))).not.toContain('geheim');
  });

  it('masks password and query values of a URL, and keeps where it goes', () => {
    const { url } = http('https://me:geheim@host:8443/mcp?api_key=geheim&x=geheim') as { url: string };
    expect(url).not.toContain('geheim');
    expect(url).toContain('host:8443/mcp?api_key=');
  });

  it('is the same text for the same definition', () => {
    expect(JSON.stringify(stdio([], { A: '1', B: '2' }))).toBe(JSON.stringify(stdio([], { B: '2', A: '1' })));
  });
});
