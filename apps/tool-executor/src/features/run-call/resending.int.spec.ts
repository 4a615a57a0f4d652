import { newId, type SafetyClass } from '@signalbox/contracts';
import { isAlive } from '@signalbox/testing';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

const COUNTING = join(import.meta.dirname, '../../../test/counting-server.mjs');
let folder: string;
let executor: Harness | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resending-'));
});
afterEach(async () => {
  await executor?.stop();
  await rm(folder, { recursive: true });
});

const start = async (section: object = {}, command = process.execPath, args = [COUNTING, file()]) =>
  (executor = await Harness.start([definition('counting', { kind: 'stdio', command, args, env: {} })], { ...section }));
const file = () => join(folder, 'runs');
const runs = () => (existsSync(file()) ? readFileSync(file(), 'utf8').trim().split('\n') : []);

/** A call that is at work, and the process that it is at work in. */
async function atWork(safetyClass: SafetyClass) {
  const callId = newId();
  const options = { callId, safetyClass, deadlineMs: 30_000 };
  const reply = executor!.call('counting', 'slow', { id: 'run', firstMs: 60_000 }, options);
  const pid = await until(async () => {
    expect(runs()).toEqual(['run']);
    const { calls } = (await (await fetch(`${executor!.service.url}/calls/running`)).json()) as any;
    expect(calls).toMatchObject([{ callId, phase: 'running' }]);
    return calls[0].pid as number;
  });
  const types = async () => (await executor!.events({ correlationId: callId })).map(({ type }) => type);
  return { reply, pid, types };
}

describe('a call whose process ends in the middle', () => {
  it.each(['read', 'idempotent', 'keyed'] as const)('is run again by a new process when it is %s', async (of) => {
    await start();
    const { reply, pid, types } = await atWork(of);
    process.kill(pid, 'SIGKILL');
    expect(await reply).toMatchObject({ ok: true, result: { content: [{ text: 'ran run' }] } });
    expect(runs()).toEqual(['run', 'run']);
    await until(async () => expect(await types()).toEqual(['tool.call.started', 'tool.call.completed']));
  });

  it('is run again also when the process was suspended', async () => {
    await start({ ping: { intervalMs: 200 } });
    const { reply, pid } = await atWork('read');
    process.kill(pid, 'SIGSTOP');
    expect(await reply).toMatchObject({ ok: true });
    expect(runs()).toEqual(['run', 'run']);
    // it is ended, and not left as it is
    await until(() => expect(isAlive(pid)).toBe(false));
  });

  it('is run again also when a child of the process will not end', async () => {
    const script = `trap '' TERM; sleep 60 & exec "$0" "$1" "$2"`;
    await start({}, '/bin/sh', ['-c', script, process.execPath, COUNTING, file()]);
    const { reply, pid } = await atWork('read');
    process.kill(pid, 'SIGKILL');
    expect(await reply).toMatchObject({ ok: true });
    expect(runs()).toEqual(['run', 'run']);
  });

  it('is never run again when it is unsafe', async () => {
    await start();
    const { reply, pid, types } = await atWork('unsafe');
    process.kill(pid, 'SIGKILL');
    expect(await reply).toMatchObject({ ok: false, retryable: false });
    expect(await types()).toEqual(['tool.call.started', 'tool.call.outcome_unknown']);
    expect(await executor!.call('counting', 'slow', { id: 'next' })).toMatchObject({ ok: true });
    expect(runs()).toEqual(['run', 'next']);
  });

  it('is left to the client when the retry budget has no room', async () => {
    await start({ recovery: { retryBudget: 0 } });
    const { reply, pid } = await atWork('read');
    process.kill(pid, 'SIGKILL');
    expect(await reply).toMatchObject({ ok: false, retryable: true });
    expect(runs()).toEqual(['run']);
  });

  it('is run three times at most', async () => {
    await start();
    const reply = await executor!.call('counting', 'slow', { id: 'crash' }, { safetyClass: 'read' });
    expect(reply).toMatchObject({ ok: false, retryable: true });
    expect(runs()).toEqual(['crash', 'crash', 'crash']);
  });
});
