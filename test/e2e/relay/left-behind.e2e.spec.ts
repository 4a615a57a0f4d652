import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descendants, runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { startConformanceFixture, type ServerUnderTest } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sessionClient, statelessClient } from './support/relay-client.js';
import { RelayUpstream } from './support/relay-upstream.js';
import { SseUpstream } from './support/sse-upstream.js';

const WAIT = { timeoutMs: 60_000, intervalMs: 100 };
const script = fileURLToPath(new URL('../support/small-server.sh', import.meta.url));
/** Longer than any client here waits between two requests, on a busy machine too. */
const IDLE_MS = 15_000;
const CLIENTS = 20;
/** What is there without any client: a server's control connection, and the one that its pool keeps. */
const LEAST = 2;
const TOOLS = ['process__hello', 'sessions__hello', 'sse__hello', 'modern__test_simple_text'];

let folder: string;
let sessions: RelayUpstream;
let sse: SseUpstream;
let modern: ServerUnderTest;
let signalbox: RunningSignalbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-left-'));
  writeFileSync(join(folder, 'open'), '');
  const hello = () => Promise.resolve({ content: [{ type: 'text', text: 'hello' }] });
  const stuck = () => new Promise<never>(() => undefined);
  [sessions, sse, modern] = await Promise.all([
    RelayUpstream.start({ hello, stuck }),
    SseUpstream.start(),
    startConformanceFixture(undefined, 'modern'),
  ]);
  // a call whose client went without a word runs to its deadline; sessions end with those of clients, processes when they are idle
  const settings = { signalbox: { deadlineMs: 10_000, pool: { min: 1 } } };
  const idle = { signalbox: { pool: { min: 1, idleTimeoutMs: 1_000 } } };
  signalbox = await runSignalbox({
    config: {
      mcpServers: {
        process: { command: '/bin/sh', args: [script, 'process', folder], ...idle },
        sessions: { url: sessions.url, ...settings },
        sse: { url: sse.url, type: 'sse', ...settings },
        modern: { url: modern.url, ...idle },
      },
      signalbox: {
        gateway: { sessions: { idleMs: IDLE_MS, sweepMs: 200 } },
        'tool-executor': { pool: { sweepMs: 200 } },
      },
    },
  });
  const listed = async () => (await fetch(`${signalbox.gateway}/tools`)).text();
  const isWhole = async () =>
    TOOLS.every(
      (
        (text) => (name: string) =>
          text.includes(name)
      )(await listed()),
    );
  await waitFor(isWhole, { ...WAIT, what: 'the tools' });
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  await Promise.all([sessions?.stop(), sse?.stop(), modern?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** What servers hold: processes, sessions, streams; and what the executor has in its pools. */
async function held(): Promise<{ processes: number; sessions: number; streams: number; sse: number; modern: number }> {
  const { pools } = (await (await fetch(`${signalbox.executor}/pools`)).json()) as any;
  const { connections } = pools.find(({ server }: { server: string }) => server === 'modern');
  return {
    processes: descendants(signalbox.pid).length,
    sessions: sessions.sessions.size,
    streams: [...sessions.sessions.values()].filter(({ stream }) => stream && !stream.closed).length,
    sse: sse.streams.size,
    modern: connections.length,
  };
}

it('is nothing at all, however the clients went: no session, no stream, no process', async () => {
  await waitFor(async () => {
    const { processes, sessions: open, sse: streams } = await held();
    return processes === LEAST && open === LEAST && streams === LEAST;
  }, WAIT);
  const before = await held();

  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const client = await sessionClient(signalbox.mcp);
      for (const name of TOOLS) {
        const { body } = await client.wire.request('tools/call', { name, arguments: {} });
        expect(body.result, `${name} by client ${index}`).toMatchObject({ content: [{ type: 'text' }] });
      }
      return client;
    }),
  );
  // those of 2026-07-28 have no session: over SSE such a call has one for itself, where the server may ask something
  const stateless = await statelessClient(signalbox.mcp, { sampling: {} });
  for (const name of TOOLS.filter((tool) => !tool.startsWith('sessions'))) {
    await (await stateless.start('tools/call', { name, arguments: {} })).answer();
  }
  expect(new Set(sessions.heard('tools/call').map(({ session }) => session)).size).toBeGreaterThanOrEqual(CLIENTS);
  const during = await held();

  const endings = clients.map(async ({ wire }, index) => {
    if (index % 3 === 0) {
      const headers = { 'mcp-session-id': wire.sessionId! };
      expect((await fetch(signalbox.mcp, { method: 'DELETE', headers })).status).toBe(204);
    } else if (index % 3 === 1) {
      // its connections break in the middle of a call, with its stream open
      const abort = new AbortController();
      await wire.get({}, abort.signal);
      const stuck = { jsonrpc: '2.0', id: 'stuck', method: 'tools/call' };
      const before = sessions.heard('tools/call').length;
      const call = fetch(signalbox.mcp, {
        method: 'POST',
        signal: abort.signal,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-session-id': wire.sessionId!,
        },
        body: JSON.stringify({ ...stuck, params: { name: 'sessions__stuck', arguments: {} } }),
      }).then((response) => response.text());
      await waitFor(() => sessions.heard('tools/call').length > before, WAIT);
      abort.abort();
      await call.catch(() => undefined);
    }
  });
  await Promise.all(endings);
  let after = await held();
  await waitFor(
    async () => {
      after = await held();
      const { processes, sessions: open, sse: streams, modern: pooled } = after;
      return processes <= LEAST && open <= LEAST && streams <= LEAST && pooled <= before.modern;
    },
    { timeoutMs: 100_000, intervalMs: 200, what: 'the end of what the clients left' },
  ).catch((error: unknown) => {
    throw new Error(`left behind: ${JSON.stringify({ before, during, after })}`, { cause: error });
  });
  expect(after.streams).toBeLessThanOrEqual(before.streams);
});
