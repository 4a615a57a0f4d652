import type { ExecutePart } from '@signalbox/contracts';
import { packagedServer } from '@signalbox/testing/mcp-servers';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

let folder: string;
let harness: Harness | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'signalbox-middleware-'))));
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
  rmSync(folder, { recursive: true });
});

function start(middleware: readonly object[]): Promise<Harness> {
  return Harness.startWith({
    path: join(folder, 'signalbox.json'),
    env: process.env,
    servers: [definition('every', packagedServer('server-everything'))],
    problems: [],
    section: (name) => (name === 'middleware' ? middleware : undefined),
  });
}

describe('middleware in front of servers', () => {
  it('is in the way of what is sent, what comes back and what is said meanwhile; the log has what came back', async () => {
    writeFileSync(
      join(folder, 'own.mjs'),
      `export default (_options, { at }) => ({
        request: ({ params }, { server, principal }) =>
          params.name === 'echo' ? { params: { ...params, arguments: { message: [at, server, principal].join(' ') } } } : undefined,
        notification: ({ params }) => (params.progress === 1 ? 'drop' : { params: { ...params, message: 'changed' } }),
      });`,
    );
    harness = await start([
      { module: './own.mjs', at: 'executor', methods: ['tools/call', 'notifications/progress'] },
      {
        module: 'signalbox:transform',
        at: 'executor',
        methods: ['tools/call'],
        options: { names: ['echo'], servers: ['every'], response: [{ set: '$._meta.seen', value: true }] },
      },
      { module: './for-the-gateway.mjs' },
    ]);
    const reply = await harness.call('every', 'echo', { message: 'as it was' });
    expect(reply).toMatchObject({
      ok: true,
      result: { content: [{ text: 'Echo: executor every tester' }], _meta: { seen: true } },
    });
    const completed = await until(async () => {
      const [event] = await harness!.events({ type: 'tool.call.completed' });
      expect(event).toBeDefined();
      return event!;
    });
    expect(completed.data).toMatchObject({ result: { _meta: { seen: true } } });

    const parts: ExecutePart[] = [];
    const long = { duration: 0.2, steps: 2 };
    const meta = { progressToken: 'p' };
    await harness.call('every', 'trigger-long-running-operation', long, { meta, onPart: (part) => parts.push(part) });
    expect(parts.map(({ params }) => params)).toEqual([expect.objectContaining({ progress: 2, message: 'changed' })]);
  });

  it('that fails is a failed call of which nothing was sent', async () => {
    writeFileSync(join(folder, 'broken.mjs'), `export default { request: () => { throw new Error('details'); } };`);
    harness = await start([{ module: './broken.mjs', at: 'executor' }]);
    expect(await harness.call('every', 'echo', { message: 'x' })).toEqual({
      ok: false,
      error: { code: -32603, message: 'Middleware "./broken.mjs" failed', data: { retryable: false } },
      retryable: false,
    });
  });

  it.each([
    [
      { module: 'signalbox:cache', at: 'executor' },
      /"signalbox:cache" is not built into the executor; there are signalbox:transform, signalbox:log/,
    ],
    [{ module: './none.mjs', at: 'executor' }, /signalbox\.middleware\[0\]\.module: ".*none\.mjs" does not exist/],
  ])('that is wrong is named at start: %j', async (entry, message) => {
    await expect(start([entry])).rejects.toThrow(message);
  });
});
