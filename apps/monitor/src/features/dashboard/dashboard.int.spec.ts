import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendServerEvent, startMonitor, type TestMonitor } from '../../../test/harness.js';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startMonitor();
});
afterAll(() => monitor.stop());

describe('the page', () => {
  it('allows nothing but what this origin serves, and nothing inline', async () => {
    const { text, headers } = await monitor.http
      .get('/')
      .expect(200)
      .expect('content-type', /text\/html/);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\bstyle=|https?:\/\//);
  });

  it('serves every file that it refers to', async () => {
    const { text } = await monitor.http.get('/');
    const files = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThan(4);
    for (const path of files) await monitor.http.get(path).expect(200);
    const { text: script } = await monitor.http.get('/assets/app.js').expect('content-type', /text\/javascript/);
    for (const [, name] of script.matchAll(/from '\.\/([^']+)'/g))
      await monitor.http.get(`/assets/${name}`).expect(200);
  });

  it('answers 304 for what the browser has', async () => {
    const { headers } = await monitor.http.get('/');
    await monitor.http.get('/').set('if-none-match', headers['etag']!).expect(304);
  });

  it.each(['/assets/none.js', '/assets/..%2Fpackage.json', '/assets/%2e%2e%2fpackage.json', '/assets/constructor'])(
    'does not serve %s',
    async (path) => {
      const { body } = await monitor.http.get(path).expect(404);
      expect(body.status).toBe(404);
    },
  );
});

describe('GET /api/overview', () => {
  it('has services with health, servers with tools, and the size of the log', async () => {
    await appendServerEvent(monitor.ports, 'server.registered', {
      server: 'files',
      transport: 'stdio',
      definition: {},
      source: 'default',
    });
    await appendServerEvent(monitor.ports, 'catalogue.changed', {
      server: 'files',
      tools: [{ name: 'read_file', description: 'Reads a file' }],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      definitionHashes: {},
    });
    const overview = await waitFor(async () => {
      const { body } = await monitor.http.get('/api/overview').expect(200);
      return body.servers[0]?.tools.length === 1 && body;
    });
    expect(overview.servers).toMatchObject([{ name: 'files', transport: 'stdio', tools: [{ name: 'read_file' }] }]);
    expect(overview.services).toMatchObject([
      { serviceName: 'monitor', status: 'UP', port: Number(new URL(monitor.url).port) },
    ]);
    expect(overview.log.commits).toBeGreaterThanOrEqual(3);
    expect(overview).toMatchObject({ version: '0.0.0-test', deadLetters: 0 });
    expect(overview.eventTypes).toContain('tool.call.completed');
  });
});

it('describes itself as OpenAPI, and says whether it is ready', async () => {
  const { body } = await monitor.http.get('/openapi.json').expect(200);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/events',
      '/events/stream',
      '/calls',
      '/calls/{id}',
      '/audit/verify',
      '/dead-letters',
      '/projections',
    ]),
  );
  await monitor.http.get('/health/ready').expect(200);
});
