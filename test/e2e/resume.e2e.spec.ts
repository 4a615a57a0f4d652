import { describeWithServers, runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Installation, type ServiceProcess } from './support/distributed.js';
import { everything } from './support/servers.js';
import { WireSession, type EventReader } from './support/wire-session.js';

const TOOL = 'everything__trigger-long-running-operation';
const config = { mcpServers: { everything } };
const rising = (values: number[]): boolean => values.every((value, i) => i === 0 || value > values[i - 1]!);

/** What the client got before and after its stream broke: progress that only rises, and one answer. */
function expectWhole(before: EventReader, after: EventReader, id: string): void {
  const progress = [...before.progress, ...after.progress];
  expect(rising(progress), progress.join()).toBe(true);
  expect([...before.answers, ...after.answers]).toMatchObject([{ id, result: { content: [{ type: 'text' }] } }]);
}

describe('an answer that a client missed', () => {
  let folder: string;
  let signalbox: RunningSignalbox;
  const killAndStart = async (): Promise<void> => {
    const { dataDir, portBase } = signalbox;
    await signalbox.stop('SIGKILL');
    signalbox = await runSignalbox({ config, dataDir, portBase });
    await toolsOf(signalbox, 'everything');
  };
  const events = async (type: string): Promise<unknown[]> =>
    ((await (await fetch(`${signalbox.monitor}/events?type=${type}&limit=1000`)).json()) as any).events;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-resume-'));
    signalbox = await runSignalbox({ config, dataDir: folder });
    await toolsOf(signalbox, 'everything');
  });
  afterEach(async () => {
    await signalbox?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is there after kill -9 and a new start, with the progress before it', async () => {
    const session = await WireSession.open(signalbox.mcp);
    const before = await session.callSlowly(signalbox.mcp, 'long', TOOL, { duration: 2, steps: 4 });
    before.leave();
    await waitFor(async () => (await events('tool.call.completed')).length === 1, { timeoutMs: 60_000 });
    await killAndStart();
    const after = await session.takeUp(signalbox.mcp, before.lastId);
    await after.done;
    expect(after.progress.at(-1)).toBe(4);
    expectWhole(before, after, 'long');
  });

  it('is an error that says so when the call itself was lost with the process', async () => {
    const session = await WireSession.open(signalbox.mcp);
    const before = await session.callSlowly(signalbox.mcp, 'lost', TOOL, { duration: 600, steps: 600 });
    // a call that nothing was sent of could be repeated
    await before.find(({ data }) => data?.params?.progress === 1);
    await killAndStart();
    const after = await session.takeUp(signalbox.mcp, before.lastId);
    await after.done;
    expect(after.answers).toMatchObject([{ id: 'lost', error: { data: { outcome: 'unknown' } } }]);
  });
});

describeWithServers(
  ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'],
  'gateways of one installation',
  (amqp, mongo, consul) => {
    let installation: Installation;
    let first: ServiceProcess;
    let second: ServiceProcess;
    const mcp = ({ url }: ServiceProcess): string => `${url}/mcp`;

    beforeAll(async () => {
      installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
      await installation.start('tool-executor');
      [first, second] = await Promise.all([installation.start('gateway'), installation.start('gateway')]);
      for (const { url } of [first, second]) {
        const listed = async (): Promise<boolean> => (await (await fetch(`${url}/tools`)).text()).includes(TOOL);
        await waitFor(listed, { timeoutMs: 60_000, what: `the tools at ${url}` });
      }
    }, 180_000);
    afterAll(() => installation?.[Symbol.asyncDispose](), 60_000);

    it('bring a call to its client that was called through one that was killed', { timeout: 120_000 }, async () => {
      const session = await WireSession.open(mcp(first));
      const before = await session.callSlowly(mcp(first), 'one', TOOL, { duration: 8, steps: 16 });
      await before.find(({ data }) => data?.params?.progress === 1);
      await first.stop('SIGKILL');
      await before.done;
      expect(before.answers).toEqual([]);
      const after = await session.takeUp(mcp(second), before.lastId);
      await after.done;
      expect(after.progress.at(-1)).toBe(16);
      expectWhole(before, after, 'one');
    });
  },
);
