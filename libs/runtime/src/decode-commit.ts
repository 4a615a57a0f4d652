import type { RecordedEvent } from '@signalbox/contracts';
import type { Commit, CommitBody } from '@signalbox/ports';
import { upcast } from './upcast.js';

/**
 * The events of a commit, with their data in the newest version of its schema.
 * @throws SyntaxError when the body is not JSON: the stored commit is damaged
 */
export function decodeCommit(commit: Commit): RecordedEvent[] {
  const { events } = commit.parsed ?? (JSON.parse(commit.body) as CommitBody);
  const { stream, partition, position, time, actor, correlationId, causationId, traceparent } = commit;
  return events.map(({ id, type, schemaVersion, data }, index) =>
    upcast({
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
    } as RecordedEvent),
  );
}
