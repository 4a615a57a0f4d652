import { describe, expect, it } from 'vitest';
import { hasMask, maskConfig } from './mask-config.js';

const server = (entry: object) =>
  maskConfig({ mcpServers: { s: entry } })['mcpServers'] as { s: Record<string, never> };

describe('maskConfig', () => {
  it('masks the values of env and headers, and keeps what is a mere reference', () => {
    const env = { A: 'geheim', B: '${B}', C: 'x${C}', D: '${D:-geheim}', E: '' };
    expect(server({ command: 'x', env }).s).toEqual({
      command: 'x',
      env: { A: '***', B: '${B}', C: '***', D: '***', E: '' },
    });
    expect(server({ url: 'http://h', headers: { Authorization: 'Bearer ${T}', Cookie: 'a=b' } }).s).toEqual({
      url: 'http://h',
      headers: { Authorization: 'Bearer ${T}', Cookie: '***' },
    });
  });

  it('keeps references to files, and masks the secrets of a client of OAuth', () => {
    const auth = { type: 'client_credentials', clientId: 'me', clientSecret: 'geheim', privateKey: '${file:/run/key}' };
    expect(server({ url: 'http://h', headers: { A: '${env:A}' }, auth }).s).toEqual({
      url: 'http://h',
      headers: { A: '${env:A}' },
      auth: { ...auth, clientSecret: '***' },
    });
  });

  it.each([
    [['--token', 'geheim']],
    [['--token=geheim']],
    [['--api-key', 'geheim']],
    [['--db-password=geheim']],
    [['postgres://user:geheim@db/x']],
    [['--url', 'https://h/?key=geheim']],
  ])('masks the secret in the arguments %j', (args) => {
    const masked = server({ command: 'x', args });
    expect(JSON.stringify(masked)).not.toContain('geheim');
    expect(hasMask(masked)).toBe(true);
  });

  it('keeps ordinary arguments and addresses', () => {
    const entry = { command: 'node', args: ['server.js', '--port', '80', '--token=${T}'], cwd: '/srv' };
    expect(server(entry).s).toEqual(entry);
    expect(server({ url: 'https://me:geheim@host:8443/mcp?api_key=geheim&x=${X}' }).s).toEqual({
      url: 'https://me:***@host:8443/mcp?api_key=***&x=${X}',
    });
  });

  it('masks keys that sound like a secret wherever they are', () => {
    const document = {
      signalbox: { gateway: { auth: { tokens: [{ principal: 'ann', token: 'geheim' }] } }, n: { clientSecret: 5 } },
      tokens: ['geheim'],
    };
    expect(maskConfig(document)).toEqual({
      signalbox: { gateway: { auth: { tokens: [{ principal: 'ann', token: '***' }] } }, n: { clientSecret: '***' } },
      tokens: ['***'],
    });
  });

  it('leaves servers and tools alone that are named like a secret', () => {
    const document = {
      mcpServers: {
        env: { command: 'x' },
        tokens: { command: 'y', signalbox: { tools: { headers: { class: 'read' } } } },
      },
    };
    expect(maskConfig(document)).toEqual(document);
    expect(hasMask(document)).toBe(false);
  });
});
