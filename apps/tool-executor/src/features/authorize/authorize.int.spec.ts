import { browse, startOAuthServer, type OAuthServer } from '@signalbox/testing/oauth-server';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import type { PoolView } from '../pools/pools.controller.js';

describe('a server that wants a human to authorize Signalbox', () => {
  let server: OAuthServer;
  let executor: Harness;
  beforeAll(async () => {
    server = await startOAuthServer();
    const target = {
      kind: 'http' as const,
      url: server.url,
      headers: {},
      auth: { type: 'authorization_code' as const },
    };
    executor = await Harness.start([definition('tracker', target)]);
  });
  afterAll(async () => {
    await executor.stop();
    await server.stop();
  });

  const pool = async () => {
    const { body } = await supertest(executor.service.url).get('/pools').expect(200);
    return (body as { pools: PoolView[] }).pools[0]!;
  };

  it('says which address to open, is authorized there, and then runs; no token is in the log', async () => {
    const start = await until(async () => {
      const address = /open (\S+)$/.exec((await pool()).lastError ?? '')?.[1];
      expect(address).toBe(`${executor.service.url}/oauth/servers/tracker`);
      return address!;
    });
    const refused = await executor.call('tracker', 'x', {});
    expect(refused).toMatchObject({ ok: false });

    const callback = `${executor.service.url}/oauth/callback`;
    const { location } = (await supertest(start).get('').redirects(0).expect(302)).headers as { location: string };
    const answer = await browse(new URL(location), callback);
    const page = await supertest(executor.service.url).get(`/oauth/callback?${answer.toString()}`).expect(200);
    expect(page.text).toContain('tracker');
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    await until(async () => expect(await pool()).toMatchObject({ state: 'running', era: 'modern' }));
    expect(await executor.call('tracker', 'x', {})).toMatchObject({ ok: true });

    // given once
    await supertest(executor.service.url).get(`/oauth/callback?${answer.toString()}`).expect(400);
    const events = JSON.stringify(await executor.events({}));
    expect(events).toContain('server.failed');
    expect(events).not.toContain(answer.get('code'));
    expect(events).not.toContain(answer.get('state'));
    expect(events).not.toMatch(/access_token|refresh_token|Bearer/);
  });

  it('is not mistaken for another', async () => {
    await supertest(executor.service.url).get('/oauth/servers/other').expect(404);
    const stray = await supertest(executor.service.url).get('/oauth/callback?state=x&code=y').expect(400);
    expect(stray.body).toMatchObject({ detail: expect.stringContaining('No authorization waits') });
  });
});
