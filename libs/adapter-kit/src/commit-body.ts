import type { RecordedEvent } from '@signalbox/contracts';
import type { Commit, CommitBody } from '@signalbox/ports';

/** What `body` parses to; undefined when it is damaged, so that verification can still read the commit. */
export function parseBody(body: string): CommitBody | undefined {
  try {
    const parsed = JSON.parse(body) as CommitBody | null;
    return parsed && Array.isArray(parsed.events) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The events of a commit, as stored. @throws Error when the body is damaged */
export function eventsOf(commit: Commit): RecordedEvent[] {
  const { partition, position, stream, time, actor, correlationId, causationId, traceparent } = commit;
  if (!commit.parsed) throw new Error(`the body of commit ${position} in partition ${partition} is damaged`);
  return commit.parsed.events.map(
    ({ id, type, schemaVersion, data }, index) =>
      ({
        id,
        type,
        schemaVersion,
        data,
        stream,
        streamVersion: commit.firstVersion + index,
        partition,
        position,
        index,
        time,
        actor,
        correlationId,
        causationId,
        traceparent,
      }) as RecordedEvent,
  );
}
