import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { completeCall, startMonitor, type TestMonitor } from '../../../test/harness.js';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startMonitor();
});
afterAll(() => monitor.stop());

it('has product metrics beside the default ones', async () => {
  await completeCall(monitor.ports);
  await completeCall(monitor.ports, { server: 'sql' }, { isError: true });
  const value = async (name: string, ...labels: string[]) => {
    const { text } = await monitor.http
      .get('/metrics')
      .expect(200)
      .expect('content-type', /text\/plain/);
    const line = text
      .split('\n')
      .find((each) => each.startsWith(name) && labels.every((label) => each.includes(label)));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
  };
  await waitFor(async () => (await value('signalbox_tool_calls_total', 'server="sql"', 'outcome="tool_error"')) === 1);
  expect(await value('signalbox_tool_calls_total', 'server="files"', 'outcome="completed"')).toBe(1);
  expect(await value('signalbox_tool_call_duration_seconds_count', 'server="files"')).toBe(1);
  expect(await value('signalbox_events_total', 'type="tool.call.started"')).toBe(2);
  expect(await value('signalbox_log_head_position', 'partition="gateway-1"')).toBe(2);
  await waitFor(async () => (await value('signalbox_projection_lag_commits', 'projection="calls"')) === 0);
  expect(await value('process_cpu_user_seconds_total')).toBeGreaterThan(0);
});
