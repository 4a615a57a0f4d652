import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { hasConformanceFixture, startConformanceFixture, type ServerUnderTest } from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConformance } from './support/conformance.js';
import { stdioFixture } from './support/servers.js';

const SET = '2025-11-25';

describe.skipIf(!hasConformanceFixture())(`the conformance suite's ${SET} set`, { timeout: 300_000 }, () => {
  let fixture: ServerUnderTest;
  let signalbox: RunningSignalbox;

  beforeAll(async () => {
    fixture = await startConformanceFixture();
  });
  afterAll(() => fixture?.stop());

  it.each([
    ['HTTP', () => ({ url: fixture.url })],
    ['stdio', () => stdioFixture],
  ])('passes 30 of 30 through /mcp with an upstream over %s', async (transport, upstream) => {
    signalbox = await runSignalbox({ config: { mcpServers: { fixture: upstream() } } });
    try {
      await toolsOf(signalbox, 'fixture');
      const { output, summary } = await runConformance(
        signalbox.mcp,
        SET,
        `signalbox-${transport}-${signalbox.portBase}`,
      );
      expect(summary, output).toMatch('scored 30/30 not failing (30 clean)');
    } finally {
      await signalbox[Symbol.asyncDispose]();
    }
  });
});
