import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSignalbox, toolsOf, waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { countingServer, storiesOf } from './support/counting.js';

const CALLS = 4;

it('ends every call that ran when the whole product was killed, and runs none again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-lost-'));
  const counting = countingServer(join(folder, 'runs'));
  const config = { mcpServers: { counting: counting.entry } };
  const dataDir = join(folder, 'data');
  try {
    const first = await runSignalbox({ config, dataDir });
    await toolsOf(first, 'counting');
    const runs = Array.from({ length: CALLS }, (_, n) => [`unsafe-${n}`, `read-${n}`]).flat();
    const calls = runs.map((id) => counting.call(first.gateway, id, 60_000).catch(() => undefined));
    await waitFor(() => counting.runs().length === runs.length, { timeoutMs: 30_000, what: 'all calls to run' });
    await first.stop('SIGKILL');
    await Promise.all(calls);

    await using second = await runSignalbox({ config, dataDir, portBase: first.portBase });
    await toolsOf(second, 'counting');
    const ended = await waitFor(
      async () => {
        const stories = await storiesOf(second.monitor);
        return stories.length === runs.length && stories.every(({ types }) => types.length > 2) && stories;
      },
      { timeoutMs: 30_000, what: 'an outcome of every call' },
    );
    for (const { id, types } of ended) {
      const outcome = id.startsWith('unsafe') ? 'tool.call.outcome_unknown' : 'tool.call.failed';
      expect([id, ...types]).toEqual([id, 'tool.call.requested', 'tool.call.started', outcome]);
    }
    expect(counting.runs().toSorted()).toEqual(runs.toSorted());
    expect(await (await fetch(`${second.monitor}/audit/verify`)).json()).toMatchObject({ ok: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
