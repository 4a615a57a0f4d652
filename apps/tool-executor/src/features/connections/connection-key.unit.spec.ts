import type { ClientContext } from '@signalbox/contracts';
import type { Dialect } from '@signalbox/mcp';
import { describe, expect, it } from 'vitest';
import { connectionKey, isOfOneRequest } from './connection-key.js';

const base: ClientContext = { principal: 'p', gateway: 'g' };
const session = { ...base, sessionId: 's' };
const able = { ...base, capabilities: { sampling: {} } };
const process: Dialect = { era: 'legacy', transport: 'stdio' };
const http: Dialect = { era: 'legacy', transport: 'http' };
const sse: Dialect = { era: 'legacy', transport: 'sse' };

describe('connectionKey', () => {
  it.each([
    ['a session with a legacy server', session, http, 's'],
    ['a session with a process', session, process, 's'],
    ['a session with a modern process, whose log messages name nobody', session, { ...process, era: 'modern' }, 's'],
    ['a session with a modern server of HTTP, which needs none', session, { ...http, era: 'modern' }, ''],
    ['a client that can answer nothing', { ...base, capabilities: { experimental: {} } }, http, '~@p'],
    ['a client that can answer nothing, while nothing is known', base, undefined, '~@p'],
    ['a client that can answer nothing, with a modern server', base, { ...http, era: 'modern' }, ''],
    ['a client without a name', { ...base, principal: 'anonymous' }, http, ''],
    ['a client that says nothing of itself', base, process, ''],
    ['a client that can be asked, over HTTP', able, http, '~{"sampling":{}}@p'],
    ['a client without a name that can be asked', { ...able, principal: 'anonymous' }, http, '~{"sampling":{}}'],
    ['a client that can be asked, over one channel', able, process, '~r'],
    ['a client that can be asked, over the channel of SSE', able, sse, '~r'],
    ['a client that can be asked, by a modern server', able, { ...process, era: 'modern' }, ''],
    ['a session, while nothing is known', session, undefined, 's'],
  ] as const)('of %s', (_what, client, dialect, key) => {
    const isProcess = dialect?.transport === 'stdio';
    const sharing = { dialect: dialect as Dialect | undefined, isProcess, share: 'principal' } as const;
    expect(connectionKey(client, 'r', sharing)).toBe(key);
  });

  it('is the same for all principals where the server is configured so', () => {
    const keys = [base, { ...base, principal: 'q' }, able, { ...able, principal: 'q' }].map((client) =>
      connectionKey(client, 'r', { dialect: http, isProcess: false, share: 'all' }),
    );
    expect(keys).toEqual(['', '', '~{"sampling":{}}', '~{"sampling":{}}']);
  });

  it('says whose connection is used once', () => {
    const keys = ['', 's', '~@p', '~{"sampling":{}}', '~01J8ZT0W8E9Y6N2V4B5C6D7E8F'];
    expect(keys.map((key) => isOfOneRequest(key))).toEqual([false, false, false, false, true]);
  });
});
