import type { ClientContext } from '@signalbox/contracts';
import type { Dialect } from '@signalbox/mcp';
import { describe, expect, it } from 'vitest';
import { connectionKey } from './connection-key.js';

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
    ['a client that can answer nothing', { ...base, capabilities: { experimental: {} } }, http, ''],
    ['a client that says nothing of itself', base, process, ''],
    ['a client that can be asked, over HTTP', able, http, '~{"sampling":{}}'],
    ['a client that can be asked, over one channel', able, process, '~r'],
    ['a client that can be asked, over the channel of SSE', able, sse, '~r'],
    ['a client that can be asked, by a modern server', able, { ...process, era: 'modern' }, ''],
    ['a session, while nothing is known', session, undefined, 's'],
  ] as const)('of %s', (_what, client, dialect, key) => {
    const isProcess = dialect?.transport === 'stdio';
    expect(connectionKey(client, 'r', dialect as Dialect | undefined, isProcess)).toBe(key);
  });
});
