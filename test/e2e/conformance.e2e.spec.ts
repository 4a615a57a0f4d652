import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { hasConformanceFixture, startConformanceFixture, type ServerUnderTest } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConformance } from './support/conformance.js';
import { dualStdioFixture, stdioFixture } from './support/servers.js';

const CLEAN: Readonly<Record<string, string>> = {
  '2025-11-25': 'scored 30/30 not failing (30 clean)',
  '2026-07-28': 'scored 37/37 not failing (37 clean)',
};

/** What a server of the older era cannot express, scenario by scenario, is in docs/mcp.md. */
const INEXPRESSIBLE = ['input-required-result-basic-elicitation', 'server-stateless'];

/** The fixture keeps its lists in the process that changed them; that another process of it has others is no change. */
const OF_ONE_PROCESS = ['server-stateless'];

// the suite itself gives some answers one second, which a busy machine may not keep
describe.skipIf(!hasConformanceFixture())('the conformance suite', { timeout: 300_000, retry: 2 }, () => {
  const fixtures = new Map<string, ServerUnderTest>();

  beforeAll(async () => {
    for (const era of ['legacy', 'modern', 'dual'] as const) {
      fixtures.set(era, await startConformanceFixture(undefined, era));
    }
  });
  afterAll(async () => {
    await Promise.all([...fixtures.values()].map((fixture) => fixture.stop()));
  });

  const http = (era: string): object => ({ url: fixtures.get(era)!.url });

  async function score(set: string, fixture: object) {
    const signalbox = await runSignalbox({ config: { mcpServers: { fixture } } });
    try {
      await toolsOf(signalbox, 'fixture');
      return await runConformance(signalbox.mcp, set, `signalbox-${set}-${signalbox.portBase}`);
    } finally {
      await signalbox[Symbol.asyncDispose]();
    }
  }

  it.each([
    ['2025-11-25', 'of sessions over HTTP', () => http('legacy')],
    ['2025-11-25', 'of sessions over stdio', () => stdioFixture],
    ['2025-11-25', 'without sessions', () => http('modern')],
    ['2026-07-28', 'of both eras', () => http('dual')],
  ])('passes all that counts of %s through /mcp with a server %s', async (set, _server, upstream) => {
    const { output, summary, lost } = await score(set, upstream());
    expect(summary, output).toMatch(CLEAN[set]!);
    expect(lost.filter((scenario) => scenario !== 'server-sse-polling')).toEqual([]);
  });

  it('passes all of 2026-07-28 that a server of sessions can express', async () => {
    const { output, lost } = await score('2026-07-28', http('legacy'));
    expect(lost.toSorted(), output).toEqual(INEXPRESSIBLE);
  });

  describe('at the endpoint of one server', () => {
    let signalbox: RunningSignalbox;

    beforeAll(async () => {
      // a question that waits for its client keeps its process, and the suite leaves some without an answer
      const old = { ...stdioFixture, signalbox: { pool: { max: 16 } } };
      const mcpServers = { dual: http('dual'), pipe: dualStdioFixture, old };
      signalbox = await runSignalbox({ config: { mcpServers } });
      for (const name of Object.keys(mcpServers)) await toolsOf(signalbox, name);
    });
    afterAll(() => signalbox?.[Symbol.asyncDispose]());

    it.each([
      ['dual', '2026-07-28', []],
      ['pipe', '2026-07-28', OF_ONE_PROCESS],
      ['pipe', '2025-11-25', ['server-sse-polling']],
      ['old', '2026-07-28', ['input-required-result-basic-elicitation', ...OF_ONE_PROCESS]],
    ])('%s loses of %s only %j', async (name, set, losses) => {
      const url = `${signalbox.gateway}/servers/${name}/mcp`;
      const { output, lost } = await runConformance(url, set, `signalbox-${name}-${set}-${signalbox.portBase}`);
      expect(
        lost.filter((scenario) => !losses.includes(scenario)),
        output,
      ).toEqual([]);
    });
  });
});
