import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../../apps/tool-executor/test/counting-server.mjs');

/** An upstream server that writes the name of each run to a file; its tool `slow` is unsafe, `slow_read` a read. */
export function countingServer(file: string) {
  return {
    entry: {
      command: process.execPath,
      args: [SCRIPT, file],
      signalbox: { pool: { max: 16 }, tools: { slow_read: { class: 'read' } } },
    },
    runs: (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
    /** Calls `slow_read` for names that begin with `read`, `slow` for others. */
    async call(gateway: string, id: string, ms: number): Promise<{ status: number; body: any }> {
      const answer = await fetch(`${gateway}/tools/counting__${id.startsWith('read') ? 'slow_read' : 'slow'}/call`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ arguments: { id, ms } }),
      });
      return { status: answer.status, body: await answer.json() };
    },
  };
}

export interface Story {
  readonly callId: string;
  /** The `id` that the call was made with. */
  readonly id: string;
  readonly types: readonly string[];
}

/** Every call's events, in the order of the log. */
export async function storiesOf(monitor: string): Promise<Story[]> {
  const stories = new Map<string, { callId: string; id: string; types: string[] }>();
  const answer = await fetch(`${monitor}/events?type=tool.call.*&limit=1000`);
  const { events } = (await answer.json()) as { events: { type: string; correlationid: string; data: any }[] };
  for (const { type, correlationid: callId, data } of events) {
    const story = stories.get(callId) ?? { callId, id: '', types: [] };
    stories.set(callId, story);
    if (type === 'tool.call.requested') story.id = data.arguments.id;
    story.types.push(type);
  }
  return [...stories.values()];
}
