import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const script = fileURLToPath(new URL('support/small-server.sh', import.meta.url));
const PATIENT = { timeoutMs: 60_000, intervalMs: 50 };
const UNAVAILABLE = 'io.signalbox/unavailable';

let folder: string;
let signalbox: RunningSignalbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-dead-'));
  writeFileSync(join(folder, 'open'), '');
  const entry = (name: string) => ({
    command: '/bin/sh',
    args: [script, name, folder],
    signalbox: { pool: { min: 0 } },
  });
  signalbox = await runSignalbox({
    config: {
      mcpServers: { frail: entry('frail'), sound: entry('sound') },
      signalbox: {
        gateway: { catalogue: { unavailableAfterMs: 100 } },
        'tool-executor': { restart: { minMs: 50, maxMs: 200 } },
      },
    },
  });
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('one dead server leaves the others whole; its tools are shown as away, and calls of them say that they may be repeated', async () => {
  const client = new Client({ name: 'dead', version: '1' });
  let changes = 0;
  client.setNotificationHandler('notifications/tools/list_changed', () => void changes++);
  await client.connect(new StreamableHTTPClientTransport(new URL(signalbox.mcp)));
  const listed = async () => {
    const { tools } = await client.listTools();
    const of = (name: string) => tools.find((tool) => tool.name === `${name}__hello`);
    return { frail: of('frail'), sound: of('sound') };
  };
  const before = await waitFor(async () => {
    const tools = await listed();
    return tools.frail && tools.sound && tools;
  }, PATIENT);

  const changesBefore = changes;
  writeFileSync(join(folder, 'broken-frail'), '');
  process.kill(Number(readFileSync(join(folder, 'started-frail'), 'utf8')), 'SIGKILL');
  const away = await waitFor(async () => {
    const tools = await listed();
    return tools.frail?._meta?.[UNAVAILABLE] ? tools : undefined;
  }, PATIENT);
  expect({ ...away.frail, _meta: before.frail!._meta }).toEqual(before.frail);
  expect(away.frail!._meta![UNAVAILABLE]).toEqual({ since: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(away.sound).toEqual(before.sound);
  await waitFor(() => changes > changesBefore, PATIENT);

  const call = (name: string) =>
    fetch(`${signalbox.gateway}/tools/${name}__hello/call`, { method: 'POST' }).then(async (answer) => ({
      status: answer.status,
      body: await answer.json(),
    }));
  const refused = await waitFor(async () => {
    const answer = await call('frail');
    return answer.status !== 200 && answer;
  }, PATIENT);
  expect(refused).toMatchObject({ status: 503, body: { error: { data: { retryable: true } } } });
  expect(refused.body.detail).toContain('frail');
  expect(await call('sound')).toMatchObject({ status: 200 });
  await expect(client.callTool({ name: 'frail__hello', arguments: {} })).rejects.toMatchObject({
    data: { retryable: true },
  });
  const rest = await (await fetch(`${signalbox.gateway}/tools?server=frail`)).json();
  expect(rest.tools).toMatchObject([{ name: 'frail__hello', available: false }]);

  rmSync(join(folder, 'broken-frail'));
  await waitFor(async () => !(await listed()).frail?._meta?.[UNAVAILABLE], PATIENT);
  expect((await listed()).frail).toEqual(before.frail);
  expect(
    await waitFor(async () => {
      const answer = await call('frail');
      return answer.status === 200 && answer.body.result.content;
    }, PATIENT),
  ).toEqual([{ type: 'text', text: 'hello from frail' }]);
  await client.close();
});
