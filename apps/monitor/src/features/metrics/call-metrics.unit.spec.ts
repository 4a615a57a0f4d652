import type { RecordedEvent } from '@signalbox/contracts';
import type { Commit } from '@signalbox/ports';
import { recorded } from '@signalbox/testing';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CallMetrics } from './call-metrics.js';

const commitOf = (callId: string, ...events: RecordedEvent[]): Commit => ({
  partition: 'p',
  position: 1,
  stream: 's',
  firstVersion: 1,
  lastVersion: events.length,
  commitId: 'c',
  time: '2026-01-01T00:00:00.000Z',
  actor: 'a',
  correlationId: callId,
  types: events.map(({ type }) => type),
  body: JSON.stringify({ events }),
  previousHash: '',
  hash: '',
});
const startedIn = (callId: string, server: string) =>
  commitOf(
    callId,
    recorded('tool.call.started', { callId, attempt: 1, server, tool: 't', executor: 'e', waitedMs: 0 }),
  );
const completedOf = (callId: string, isError: boolean, durationMs: number) =>
  commitOf(callId, recorded('tool.call.completed', { callId, attempt: 1, result: {}, isError, durationMs }));

function counting(maxServers = 10) {
  const registry = new Registry();
  const metrics = new CallMetrics(registry, { maxRunning: 2, maxServers });
  return { metrics, lines: async () => (await registry.metrics()).split('\n') };
}

describe('CallMetrics', () => {
  it('counts outcomes and durations by server, and a tool error apart', async () => {
    const { metrics, lines } = counting();
    metrics.count([startedIn('1', 'files'), completedOf('1', false, 30)]);
    metrics.count([startedIn('2', 'files'), completedOf('2', true, 2000)]);
    const found = await lines();
    expect(found).toContain('signalbox_tool_calls_total{server="files",outcome="completed"} 1');
    expect(found).toContain('signalbox_tool_calls_total{server="files",outcome="tool_error"} 1');
    expect(found).toContain('signalbox_tool_call_duration_seconds_bucket{le="0.05",server="files"} 1');
    expect(found).toContain('signalbox_tool_call_duration_seconds_sum{server="files"} 2.03');
    expect(found).toContain('signalbox_events_total{type="tool.call.started"} 2');
  });

  it('says unknown for a call whose start it has not seen, or has had to forget', async () => {
    const { metrics, lines } = counting();
    metrics.count([startedIn('1', 'a'), startedIn('2', 'a'), startedIn('3', 'a')]);
    metrics.count([completedOf('1', false, 1), completedOf('3', false, 1)]);
    const found = await lines();
    expect(found).toContain('signalbox_tool_calls_total{server="unknown",outcome="completed"} 1');
    expect(found).toContain('signalbox_tool_calls_total{server="a",outcome="completed"} 1');
  });

  it('gives no more than so many servers a label of their own', async () => {
    const { metrics, lines } = counting(1);
    for (const server of ['a', 'b', 'c']) metrics.count([startedIn(server, server), completedOf(server, false, 1)]);
    const found = await lines();
    expect(found).toContain('signalbox_tool_calls_total{server="a",outcome="completed"} 1');
    expect(found).toContain('signalbox_tool_calls_total{server="other",outcome="completed"} 2');
  });
});
