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

/** How often each type occurs among a call's events: `requested 1, started 1, completed 1`. */
export function storyOf(events: readonly RecordedCloudEvent[]): string {
  const counts = new Map<string, number>();
  for (const { type } of events) {
    const name = type.replace('tool.call.', '');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
