import type { Load } from './load.js';

export interface RecordedCloudEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly correlationid: string;
  readonly data: any;
}

/** Everything of a type that the monitor finds in the log, a page at a time. */
export async function eventsOf(monitor: string, type: string): Promise<RecordedCloudEvent[]> {
  const found: RecordedCloudEvent[] = [];
  for (let after = ''; ;) {
    const answer = await fetch(`${monitor}/events?type=${type}&limit=1000${after}`);
    const page = (await answer.json()) as { events: RecordedCloudEvent[]; next: string | null };
    found.push(...page.events);
    if (page.next === null || page.events.length === 0) return found;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/**
 * What of the acknowledged is not in the log exactly once, in words; empty when all is.
 * @param isRead whether a tool may be started a second time, after its executor was lost
 */
export async function missingOf(load: Load, monitor: string, isRead: (tool: string) => boolean): Promise<string[]> {
  const [events, created] = [await eventsOf(monitor, 'tool.call.*'), await eventsOf(monitor, 'resource.created')];
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const { id, type } of [...events, ...created]) {
    if (seen.has(id)) wrong.push(`the event ${id} ${type} is there twice`);
    seen.add(id);
  }
  const stories = new Map<string, string[]>();
  for (const { correlationid, type } of events) {
    const story = stories.get(correlationid);
    if (story) story.push(type);
    else stories.set(correlationid, [type]);
  }
  for (const [callId, tool] of load.answeredCalls) {
    const story = stories.get(callId) ?? [];
    const count = (type: string): number => story.filter((each) => each === `tool.call.${type}`).length;
    const starts = count('started');
    const isWhole = count('requested') === 1 && count('completed') === 1 && starts >= 1;
    if (!isWhole || (starts > 1 && !isRead(tool))) wrong.push(`${callId} ${tool}: ${story.join(', ')}`);
  }
  const times = new Map<string, number>();
  for (const { data } of created) times.set(data.id, (times.get(data.id) ?? 0) + 1);
  for (const id of load.storedDocuments) {
    const count = times.get(id) ?? 0;
    if (count !== 1) wrong.push(`the document ${id} was created ${count} times`);
  }
  return wrong;
}
