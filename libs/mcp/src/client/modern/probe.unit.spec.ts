import { describe, expect, it } from 'vitest';
import { AuthorizationError, DeadlineError, UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import { judgeDiscovery, judgeFailure } from './probe.js';

const error = (code: number, data?: unknown) => ({ error: { code, message: 'no', data } });

describe('what the answer to server/discover says', () => {
  it('is what the server says of itself, in the form of initialize', () => {
    const verdict = judgeDiscovery({
      result: {
        resultType: 'complete',
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        instructions: 'Be kind.',
        ttlMs: 1,
        cacheScope: 'public',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '2' } },
      },
    });
    expect(verdict).toMatchObject({ kind: 'modern' });
    expect((verdict as { initialize: object }).initialize).toEqual({
      protocolVersion: '2026-07-28',
      capabilities: { tools: {} },
      serverInfo: { name: 's', version: '2' },
      instructions: 'Be kind.',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '2' } },
    });
  });

  it.each([
    ['another shape', { result: { tools: [] } }, 'legacy'],
    ['nothing', { result: null }, 'legacy'],
    ['sessions only', { result: { supportedVersions: ['2025-11-25'] } }, 'legacy'],
    ['revisions to come only', { result: { supportedVersions: ['2027-01-01'] } }, 'error'],
    ['an unknown method', error(-32601), 'legacy'],
    ['a session that is missing', error(-32000), 'legacy'],
    ['another revision, of sessions', error(-32022, { supported: ['2025-06-18'] }), 'legacy'],
    ['another revision, to come', error(-32022, { supported: ['2027-01-01'] }), 'error'],
    ['our revision, though refused', error(-32022, { supported: ['2026-07-28'] }), 'again'],
    ['a refusal that names no revision', error(-32022), 'legacy'],
  ])('of %s', (_what, outcome, kind) => {
    expect(judgeDiscovery(outcome)).toMatchObject({ kind });
  });

  it.each([
    ['HTTP 404', new UpstreamProtocolError('x', 404), 'legacy'],
    ['HTTP 405', new UpstreamProtocolError('x', 405), 'legacy'],
    ['HTTP 401', new UpstreamProtocolError('x', 401), 'error'],
    ['HTTP 403', new UpstreamProtocolError('x', 403), 'error'],
    ['HTTP 502', new UpstreamProtocolError('x', 502), 'error'],
    ['no token to be had', new AuthorizationError('x'), 'error'],
    ['no connection', new UpstreamClosedError('x', false), 'error'],
    ['silence', new DeadlineError('x'), 'error'],
  ])('of %s', (_what, failure, kind) => {
    expect(judgeFailure(failure)).toMatchObject({ kind });
  });
});
