import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';

const small = fileURLToPath(new URL('support/small-server.sh', import.meta.url));
const gate = fileURLToPath(new URL('support/gate-server.mjs', import.meta.url));
const PATIENT = { timeoutMs: 60_000, intervalMs: 50 };
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

interface Told {
  readonly type: string;
  readonly data: { readonly server?: string; readonly text: string; readonly notification: string };
}

let folder: string;
let receiver: Server;
let signalbox: RunningSignalbox;
const hooks: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-told-'));
  writeFileSync(join(folder, 'open'), '');
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      hooks.push({ headers: request.headers, body });
      // the first try is not taken
      response.writeHead(hooks.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const recovery = (redirectTo: string) => ({
    strategy: 'redirect',
    redirectTo,
    redirectAfterMs: 100,
    wellForMs: 300,
  });
  const entry = (name: string, settings: object = {}) => ({
    command: '/bin/sh',
    args: [small, name, folder],
    signalbox: { pool: { min: 0 }, ...settings },
  });
  signalbox = await runSignalbox({
    env: { HOOK_SECRET: SECRET },
    config: {
      mcpServers: {
        frail: entry('frail', { recovery: recovery('spare') }),
        spare: entry('spare'),
        lone: entry('lone', { recovery: recovery('gate') }),
        gate: { command: process.execPath, args: [gate] },
      },
      signalbox: {
        notifications: {
          channels: {
            ops: {
              type: 'webhook',
              url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
              secret: '${HOOK_SECRET}',
              minBackoffMs: 50,
            },
          },
          rules: [
            {
              name: 'frail',
              on: ['server.failed', 'server.redirected', 'server.redirect_ended', 'server.recovered'],
              servers: ['fr*'],
              channels: ['ops', 'log', 'event'],
            },
          ],
        },
        gateway: { catalogue: { unavailableAfterMs: 100 } },
        'tool-executor': { restart: { minMs: 50, maxMs: 200, maxAttempts: 1_000 } },
      },
    },
  });
  await toolsOf(signalbox, 'frail', 'spare', 'lone', 'gate');
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  receiver?.closeAllConnections();
  receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What was taken, verified by the library, by topic. */
const told = (): Told[] =>
  hooks
    .slice(1)
    .map(({ headers, body }) => new Webhook(SECRET).verify(body, headers as Record<string, string>) as Told);
const json = async (url: string) => (await fetch(url)).json();
const call = async (server: string) => {
  const answer = await fetch(`${signalbox.gateway}/tools/${server}__hello/call`, { method: 'POST' });
  return { status: answer.status, body: await answer.json() };
};
const answered = async (server: string) => (await call(server)).body.result?.content?.[0]?.text;
/** The process that was started last. */
const pidOf = (server: string) => Number(readFileSync(join(folder, `started-${server}`), 'utf8'));
const breakDown = (server: string, pid: number) => {
  writeFileSync(join(folder, `broken-${server}`), '');
  process.kill(pid, 'SIGKILL');
};

it('a server that is killed is told by webhook, log and event; its calls go to its stand-in, and back', async () => {
  // a call has a process of its own
  const control = pidOf('frail');
  expect(await answered('frail')).toBe('hello from frail');
  breakDown('frail', control);
  await waitFor(async () => (await answered('frail')) === 'hello from spare', PATIENT);
  await waitFor(() => told().some(({ type }) => type === 'server.redirected'), PATIENT);
  const failure = await waitFor(() => told().find(({ type }) => type === 'server.failed'), PATIENT);
  expect(failure.data).toMatchObject({ server: 'frail', text: expect.stringMatching(/^server frail has failed: /) });
  expect(hooks[0]!.headers['webhook-id']).toBeDefined();
  expect(hooks.slice(1).map(({ headers }) => headers['webhook-id'])).toContain(hooks[0]!.headers['webhook-id']);

  const lines = () => signalbox.output().split('\n');
  const line = await waitFor(() => {
    const text = lines().find((one) => one.includes(failure.data.notification));
    return text !== undefined && JSON.parse(text);
  }, PATIENT);
  expect(line).toMatchObject({ level: 'error', service: 'registry', topic: 'server.failed', msg: failure.data.text });
  const raised = await waitFor(async () => {
    const { events } = await json(`${signalbox.monitor}/events?type=notification.raised`);
    return events.length >= 2 && events;
  }, PATIENT);
  expect(raised.map(({ data }: { data: { topic: string } }) => data.topic)).toEqual(
    expect.arrayContaining(['server.failed', 'server.redirected']),
  );
  const { data: server } = await json(`${signalbox.registry}/servers/frail`);
  expect(server).toMatchObject({ state: 'failed', redirect: { to: 'spare', who: expect.any(String) } });
  const tools = await waitFor(async () => {
    const { tools: listed } = await json(`${signalbox.gateway}/tools?server=frail`);
    return listed[0]?.available && listed;
  }, PATIENT);
  expect(tools).toMatchObject([{ name: 'frail__hello', server: 'frail' }]);
  const sent = await waitFor(async () => {
    const { data } = await json(`${signalbox.registry}/notifications?topic=server.failed&channel=ops&state=sent`);
    return data[0];
  }, PATIENT);
  expect(sent.deliveries.ops).toMatchObject({ answer: '204', attempts: expect.any(Number) });
  await waitFor(async () => {
    const { data } = await json(`${signalbox.registry}/notifications?topic=server.failed`);
    const deliveries = data[0]?.deliveries ?? {};
    return ['ops', 'log', 'event'].every((channel) => deliveries[channel]?.state === 'sent');
  }, PATIENT);

  rmSync(join(folder, 'broken-frail'));
  await waitFor(async () => (await answered('frail')) === 'hello from frail', PATIENT);
  await waitFor(() => told().some(({ type }) => type === 'server.redirect_ended'), PATIENT);
  await waitFor(() => told().some(({ type }) => type === 'server.recovered'), PATIENT);
});

it('a call whose tool the stand-in does not have is refused with a reason, and may be repeated', async () => {
  breakDown('lone', pidOf('lone'));
  const refused = await waitFor(async () => {
    const { status, body } = await call('lone');
    return status !== 200 && String(body.detail).includes('stand-in') && body;
  }, PATIENT);
  expect(refused.detail).toContain('has failed, and its stand-in "gate" has no tool "hello"');
  expect(refused.error.data).toMatchObject({ retryable: true });
  // no rule names it
  expect(told().some(({ data }) => data.server === 'lone')).toBe(false);
});

it('the secret of a webhook is shown nowhere', async () => {
  const config = JSON.stringify(await json(`${signalbox.registry}/config`));
  expect(config).toContain('"ops"');
  expect(config).not.toContain(SECRET);
  expect(JSON.stringify(await json(`${signalbox.registry}/notifications/channels`))).not.toContain(SECRET);
  expect(signalbox.output()).not.toContain(SECRET);
});
