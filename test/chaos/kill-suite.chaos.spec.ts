import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { newSdkClient } from '../e2e/support/clients.js';
import { everything } from '../e2e/support/servers.js';

const config = { mcpServers: { everything } };

const CALLS_PER_ROUND = 60;

/** Calls with four clients until `CALLS_PER_ROUND` are answered, kills Signalbox a moment later; returns the ids that were answered. */
async function callAndKill(signalbox: RunningSignalbox): Promise<string[]> {
  const answered: string[] = [];
  const clients = await Promise.all([1, 2, 3, 4].map(() => newSdkClient(signalbox.mcp)));
  const loops = clients.map(async (client) => {
    for (;;) {
      const result = await client.call('everything__echo', { message: `m${answered.length}` });
      answered.push(result._meta!['io.signalbox/callId'] as string);
    }
  });
  const ended = Promise.allSettled(loops);
  await expect.poll(() => answered.length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(CALLS_PER_ROUND);
  await new Promise((done) => setTimeout(done, Math.random() * 50));
  await signalbox.stop('SIGKILL');
  // a client whose answer stream broke would try for a minute to resume it
  await Promise.all(clients.map((client) => client.abandon()));
  await ended;
  return answered;
}

/** Call id → types of its events, in the order of the log. */
async function stories(signalbox: RunningSignalbox): Promise<Map<string, string[]>> {
  const types = new Map<string, string[]>();
  for (let after = ''; ;) {
    const answer = await fetch(`${signalbox.monitor}/events?type=tool.call.*&limit=1000${after}`);
    const page = (await answer.json()) as { events: { type: string; correlationid: string }[]; next: string | null };
    for (const { type, correlationid } of page.events)
      types.set(correlationid, [...(types.get(correlationid) ?? []), type]);
    if (page.next === null || page.events.length === 0) return types;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

it('keeps every answered call, once, when the whole product is killed under load and started again', async () => {
  // a folder of its own: it must outlive the killed product
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-kill-'));
  let signalbox = await runSignalbox({ config, dataDir });
  const { portBase } = signalbox;
  const answered: string[] = [];
  for (let round = 0; round < 3; round++) {
    await toolsOf(signalbox, 'everything');
    answered.push(...(await callAndKill(signalbox)));
    signalbox = await runSignalbox({ config, dataDir, portBase });
  }
  try {
    expect(answered.length).toBeGreaterThan(3 * CALLS_PER_ROUND);
    expect(new Set(answered).size).toBe(answered.length);
    const recorded = await stories(signalbox);
    const whole = ['tool.call.requested', 'tool.call.started', 'tool.call.completed'];
    expect(answered.filter((callId) => recorded.get(callId)?.join() !== whole.join())).toEqual([]);
    expect(await (await fetch(`${signalbox.monitor}/audit/verify`)).json()).toMatchObject({ ok: true });
  } finally {
    await signalbox[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
