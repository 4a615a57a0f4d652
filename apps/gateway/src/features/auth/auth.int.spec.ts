import { createHash } from 'node:crypto';
import request from 'supertest';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { start } from '../../index.js';

const ANN = 'ann-has-this-token-1';
const BOB = 'bob-has-this-token-2';
let gateway: GatewayUnderTest;

beforeAll(async () => {
  const sha256 = createHash('sha256').update(BOB).digest('hex');
  const tokens = [
    { principal: 'ann', token: ANN },
    { principal: 'bob', sha256 },
  ];
  gateway = await startGateway({ gateway: { auth: { tokens } } });
});
afterAll(() => gateway.stop());

const as = (token: string) => new WireClient(`${gateway.url}/mcp`, { authorization: `Bearer ${token}` });

describe('bearer tokens', () => {
  it.each([undefined, 'Basic YTpi', 'Bearer wrong-token-entirely'])('refuses %s', async (authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await new WireClient(`${gateway.url}/mcp`, headers).post({});
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="signalbox"/);
    expect((await response.json()).error.code).toBe(-32000);
    await request(gateway.url).get('/tools').set(headers).expect(401);
    await request(gateway.url).get('/health/live').set(headers).expect(200);
  });

  it('admits tokens in clear and as a digest, and the log says whose session it is', async () => {
    expect((await as(ANN).initialize()).status).toBe(200);
    expect((await as(BOB).initialize()).status).toBe(200);
    const principals = (await gateway.events('session.opened')).map(
      ({ data }) => (data as { principal: string }).principal,
    );
    expect(principals).toEqual(['ann', 'bob']);
    await request(gateway.url).get('/tools').set('authorization', `bearer ${ANN}`).expect(200);
  });

  it('binds a session to its principal', async () => {
    const ann = as(ANN);
    await ann.initialize();
    const bob = as(BOB);
    bob.sessionId = ann.sessionId;
    expect((await bob.request('ping')).status).toBe(404);
    expect((await ann.request('ping')).status).toBe(200);
  });
});

describe('an address that others can reach', () => {
  it('is refused without authentication', async () => {
    const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
    await expect(start(contextOf(ports, { bind: '0.0.0.0' }))).rejects.toThrow('signalbox.gateway.auth.tokens');
    await ports.close();
  });
});
