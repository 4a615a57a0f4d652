import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSdkClient } from './support/clients.js';
import { everything } from './support/servers.js';

const json = async (url: string): Promise<any> => (await fetch(url)).json();

describe('the record of a call', () => {
  let signalbox: RunningSignalbox;
  let callId: string;
  // a folder of its own: the log is looked into after the product has ended
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-record-'));

  beforeAll(async () => {
    signalbox = await runSignalbox({ dataDir, config: { mcpServers: { everything } } });
    await toolsOf(signalbox, 'everything');
    const client = await newSdkClient(signalbox.mcp);
    const result = await client.call('everything__echo', { message: 'hello', password: 'hunter2' });
    expect(result.content[0]!.text).toBe('Echo: hello');
    callId = result._meta!['io.signalbox/callId'] as string;
    await client.close();
  });
  afterAll(async () => {
    await signalbox?.[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('tells the whole story of the call', async () => {
    const call = await json(`${signalbox.monitor}/calls/${callId}`);
    expect(call).toMatchObject({
      id: callId,
      state: 'completed',
      server: 'everything',
      tool: 'echo',
      principal: 'anonymous',
    });
    expect(call.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(call.events.map((event: { type: string }) => event.type)).toEqual([
      'tool.call.requested',
      'tool.call.started',
      'tool.call.completed',
    ]);
  });

  it('has no secret in it', async () => {
    const text = JSON.stringify(await json(`${signalbox.monitor}/events?correlation=${callId}`));
    expect(text).toMatch('hello');
    expect(text).not.toMatch('hunter2');
  });

  it('pages events by position and finds them by type', async () => {
    const page = await json(`${signalbox.monitor}/events?limit=2`);
    expect(page.events).toHaveLength(2);
    const after = await json(`${signalbox.monitor}/events?limit=2&after=${encodeURIComponent(page.next)}`);
    expect(after.events[0].id).not.toBe(page.events[1].id);
    const calls = await json(
      `${signalbox.monitor}/events?type=${encodeURIComponent('tool.call.*')}&correlation=${callId}`,
    );
    expect(calls.events).toHaveLength(3);
    expect((await json(`${signalbox.monitor}/calls`)).calls.map((call: { id: string }) => call.id)).toContain(callId);
  });

  it('is an unbroken chain, until a byte of the database changes', async () => {
    expect(await json(`${signalbox.monitor}/audit/verify`)).toMatchObject({ ok: true });
    await signalbox.stop();
    const database = new DatabaseSync(join(dataDir, 'events.db'));
    const [commit] = database
      .prepare(`SELECT rowid AS row, position, body FROM commits WHERE body LIKE '%Echo: hello%'`)
      .all();
    const { row, position, body } = commit as { row: number; position: number; body: string };
    database
      .prepare('UPDATE commits SET body = ? WHERE rowid = ?')
      .run(String(body).replace('Echo: hello', 'Echo: hullo'), row);
    database.close();
    const again = await runSignalbox({ dataDir, config: { mcpServers: {} } });
    try {
      const verdict = await json(`${again.monitor}/audit/verify`);
      expect(verdict.ok).toBe(false);
      expect(verdict.partitions.filter((p: { firstBad?: number }) => p.firstBad !== undefined)).toMatchObject([
        { partition: 'tool-executor-1', firstBad: position },
      ]);
    } finally {
      await again[Symbol.asyncDispose]();
    }
  });
});
