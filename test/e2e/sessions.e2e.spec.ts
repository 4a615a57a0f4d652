import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSdkClient, oldSdkClient } from './support/clients.js';
import { everything } from './support/servers.js';

const config = { mcpServers: { everything } };
const echo = 'everything__echo';

describe('a session of a client', () => {
  let folder: string;
  let signalbox: RunningSignalbox;
  const restart = async (signal: NodeJS.Signals): Promise<void> => {
    const { dataDir, portBase } = signalbox;
    await signalbox.stop(signal);
    signalbox = await runSignalbox({ config, dataDir, portBase });
    await toolsOf(signalbox, 'everything');
  };
  const events = async (type: string): Promise<{ data: Record<string, unknown> }[]> =>
    ((await (await fetch(`${signalbox.monitor}/events?type=${type}&limit=1000`)).json()) as any).events;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-sessions-'));
    signalbox = await runSignalbox({ config, dataDir: folder });
    await toolsOf(signalbox, 'everything');
  });
  afterEach(async () => {
    await signalbox?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['@modelcontextprotocol/client', newSdkClient],
    ['@modelcontextprotocol/sdk', oldSdkClient],
  ])('of %s goes on after kill -9 and after ctrl-C, without another initialize', async (_name, connect) => {
    const client = await connect(signalbox.mcp);
    const said = async (message: string) => (await client.call(echo, { message })).content[0]!.text;
    expect(await said('before')).toBe('Echo: before');
    await restart('SIGKILL');
    expect(await said('killed')).toBe('Echo: killed');
    expect(await client.tools()).toContain(echo);
    await restart('SIGINT');
    expect(await said('stopped')).toBe('Echo: stopped');
    const opened = await events('session.opened');
    expect(opened).toHaveLength(1);
    const calls = await events('tool.call.requested');
    expect(new Set(calls.map(({ data }) => data['sessionId']))).toEqual(new Set([opened[0]!.data['sessionId']]));
    await client.close();
    await waitFor(async () => (await events('session.closed')).length === 1);
  });

  it('that was closed stays closed after a restart', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const rpc = { jsonrpc: '2.0', id: 1 };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'by hand', version: '1' } };
    const initialize = JSON.stringify({ ...rpc, method: 'initialize', params });
    const session = (await fetch(signalbox.mcp, { method: 'POST', headers, body: initialize })).headers.get(
      'mcp-session-id',
    )!;
    const mine = { ...headers, 'mcp-session-id': session };
    const ping = async () =>
      (await fetch(signalbox.mcp, { method: 'POST', headers: mine, body: JSON.stringify({ ...rpc, method: 'ping' }) }))
        .status;
    expect(await ping()).toBe(200);
    await restart('SIGKILL');
    expect(await ping()).toBe(200);
    expect((await fetch(signalbox.mcp, { method: 'DELETE', headers: mine })).status).toBe(204);
    await restart('SIGKILL');
    expect(await ping()).toBe(404);
  });
});
