import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { describeWithServers, freePort } from '@signalbox/testing';
import { packagedServer } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBackends } from './backends-check.js';
import { findingLines, ok, verdict, wrong } from './finding.js';
import { checkFolder } from './folder-check.js';
import { checkNode } from './node-check.js';
import { checkPorts } from './ports-check.js';
import { checkServers } from './servers-check.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ports', () => {
  const place = (port: number) =>
    ({ service: 'registry', bind: '127.0.0.1', port, url: `http://127.0.0.1:${port}` }) as const;
  const listening = (server: Server, port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  it('are free, or taken by another program', async () => {
    const [free, taken] = [await freePort(), await freePort()];
    const server = createServer((_request, response) => response.end('{"info": {"title": "Something else"}}'));
    await listening(server, taken);
    const { findings, running } = await checkPorts([place(free), place(taken)]);
    server.close();
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'wrong']);
    expect(findings[1]!.todo).toContain('SIGNALBOX_PORT_BASE');
    expect(running).toEqual([]);
  });

  it('may have the service itself on them, and be no address of this machine', async () => {
    const port = await freePort();
    const server = createServer((_request, response) => response.end('{"info": {"title": "Signalbox registry"}}'));
    await listening(server, port);
    const { findings, running } = await checkPorts([place(port), { ...place(port), bind: '192.0.2.1' }]);
    server.close();
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'wrong']);
    expect(running).toHaveLength(1);
  });
});

describe('the data folder', () => {
  it('can be written, or created, and nothing is left in it', () => {
    expect(checkFolder(folder).state).not.toBe('wrong');
    expect(checkFolder(join(folder, 'a', 'b')).found).toContain('will be created');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is wrong where there is a file, and where one may not write', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(checkFolder(file)).toMatchObject({ state: 'wrong', todo: expect.stringContaining('SIGNALBOX_DATA') });
    rmSync(file);
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    expect(checkFolder(join(folder, 'x')).state).toBe('wrong');
    chmodSync(folder, 0o700);
  });
});

describe('servers', () => {
  const definition = (name: string, target: UpstreamDefinition['target']): UpstreamDefinition => ({
    ...{ name, target, settings: upstreamSettingsSchema.parse({}), source: 'spec' },
  });

  it('start, or say why not', { timeout: 60_000 }, async () => {
    const found = await checkServers(
      [
        definition('good', packagedServer('server-everything')),
        definition('gone', { kind: 'stdio', command: 'no-such-program-here', args: [], env: {} }),
        definition('away', { kind: 'http', url: `http://127.0.0.1:${await freePort()}/mcp`, headers: {} }),
      ],
      process.env,
    );
    expect(found.map(({ check, state }) => [check, state])).toEqual([
      ['server good', 'ok'],
      ['server gone', 'wrong'],
      ['server away', 'wrong'],
    ]);
    expect(found[0]!.found).toMatch(/has \d+ tools/);
    expect(found[1]!.todo).toContain('no-such-program-here');
  });
});

describe('backends', () => {
  it('that do not answer are wrong, and their passwords are not shown', async () => {
    const port = await freePort();
    const found = await checkBackends({
      AMQP_URL: `amqp://user:geheim@127.0.0.1:${port}`,
      CONSUL_URL: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    expect(found.map(({ check, state }) => [check, state])).toEqual([
      ['AMQP_URL', 'wrong'],
      ['CONSUL_URL', 'wrong'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'wrong'],
    ]);
    expect(JSON.stringify(found)).not.toContain('geheim');
    expect(await checkBackends({})).toEqual([]);
  });
});

describeWithServers(
  ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  'real backends',
  (AMQP_URL, MONGODB_URL, CONSUL_URL, OTEL_EXPORTER_OTLP_ENDPOINT) => {
    it('answer', { timeout: 30_000 }, async () => {
      const found = await checkBackends({ AMQP_URL, MONGODB_URL, CONSUL_URL, OTEL_EXPORTER_OTLP_ENDPOINT });
      expect(found.map(({ state, found: text }) => `${state} ${text}`)).toEqual(
        Array.from({ length: 4 }, () => expect.stringMatching(/^ok /)),
      );
    });
  },
);

describe('what is printed', () => {
  it('has a line per check, and what to do below it', () => {
    expect(findingLines([ok('Node', '24'), wrong('port 1', 'taken', 'End it.')])).toEqual([
      'ok       Node    24',
      'WRONG    port 1  taken',
      '                 → End it.',
    ]);
    expect([verdict([ok('a', 'b')]), verdict([wrong('a', 'b', 'c')])]).toEqual([
      'Nothing is wrong.',
      'One thing is wrong.',
    ]);
  });

  it('knows which Node is too old', () => {
    expect(checkNode('24.1.0').state).toBe('ok');
    expect(checkNode('22.20.0')).toMatchObject({ state: 'wrong', todo: expect.stringContaining('npm') });
  });
});
