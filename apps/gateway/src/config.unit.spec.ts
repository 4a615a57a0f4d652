import { describe, expect, it } from 'vitest';
import { parseGatewayConfig } from './config.js';
import { refuseOpenBind } from './features/auth/refuse-open-bind.js';

const parse = (gateway: unknown) =>
  parseGatewayConfig({ section: (name) => (name === 'gateway' ? gateway : undefined) });

describe('parseGatewayConfig', () => {
  it('has a default for everything', () => {
    expect(parse(undefined)).toMatchObject({
      http: { allowedHosts: [], allowedOrigins: [], maxBodyBytes: 4_194_304 },
      sessions: { max: 10_000, idleMs: 1_800_000 },
      catalogue: { pageSize: 100, graceMs: 600_000 },
      calls: { deadlineMs: 60_000 },
      redaction: { enabled: true },
    });
  });

  it.each([
    [{ sessions: { max: 0 } }, 'signalbox.gateway.sessions.max'],
    [{ sesions: {} }, 'signalbox.gateway: '],
    [{ auth: { tokens: [{ principal: 'a' }] } }, 'signalbox.gateway.auth.tokens.0: needs either "token" or "sha256"'],
    [{ auth: { tokens: [{ principal: 'a', token: 'short' }] } }, 'signalbox.gateway.auth.tokens.0.token'],
    [{ auth: { tokens: [{ principal: 'a', sha256: 'zz' }] } }, 'must be 64 hex digits'],
    [{ http: { allowedOrigins: ['app.example.com'] } }, 'signalbox.gateway.http.allowedOrigins.0'],
  ])('names what is wrong: %j', (section, message) => {
    expect(() => parse(section)).toThrow(message);
  });
});

describe('refuseOpenBind', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('lets %s be without authentication', (bind) => {
    expect(() => refuseOpenBind(bind, parse(undefined))).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', '127.0.0.1.evil.com'])('refuses %s', (bind) => {
    expect(() => refuseOpenBind(bind, parse(undefined))).toThrow('signalbox.gateway.auth.tokens');
    const tokens = [{ principal: 'a', token: 'long-enough-to-be-one' }];
    expect(() => refuseOpenBind(bind, parse({ auth: { tokens } }))).not.toThrow();
  });
});
