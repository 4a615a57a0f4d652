import { describe, expect, it } from 'vitest';
import { OriginGuard } from './origin-guard.js';

const guard = new OriginGuard({
  allowedHosts: ['Gateway.example.com', 'pinned.example.com:8443'],
  allowedOrigins: ['https://app.example.com'],
});

describe('OriginGuard', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST:3000', true],
    ['127.0.0.1:3000', true],
    ['[::1]:3000', true],
    ['gateway.example.com', true],
    ['gateway.example.com:9', true],
    ['pinned.example.com:8443', true],
    ['pinned.example.com', false],
    ['evil.example.com', false],
    ['localhost.evil.com', false],
    ['127.0.0.1.evil.com:3000', false],
    ['', false],
    [undefined, false],
  ])('Host %s: %s', (host, allowed) => {
    expect(guard.check({ host }) === undefined).toBe(allowed);
    expect(guard.check({ host }) === undefined).toBe(allowed);
  });

  it.each([
    [undefined, true],
    ['http://localhost:6274', true],
    ['https://127.0.0.1', true],
    ['https://app.example.com', true],
    ['https://APP.example.com', true],
    ['http://app.example.com', false],
    ['https://app.example.com.evil.com', false],
    ['http://localhost.evil.com', false],
    ['null', false],
    ['file://', false],
    ['', false],
  ])('Origin %s: %s', (origin, allowed) => {
    expect(guard.check({ host: 'localhost', ...(origin === undefined ? {} : { origin }) }) === undefined).toBe(allowed);
  });

  it('names the setting that would allow it', () => {
    expect(guard.check({ host: 'x' })).toContain('gateway.http.allowedHosts');
    expect(guard.check({ host: 'localhost', origin: 'http://x' })).toContain('gateway.http.allowedOrigins');
  });
});
