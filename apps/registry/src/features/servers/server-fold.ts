import type { RecordedEvent, ServerExecutorState } from '@signalbox/contracts';
import { evolveServer, type ServerView } from '@signalbox/domain/server';

/** What the registry writes of a server. */
const OWN_TYPES = new Set([
  'server.registered',
  'server.removed',
  'server.commanded',
  'server.tool.classified',
  'server.redirected',
  'server.redirect_ended',
]);

/** Patterns of all events that tell of a server. */
export const SERVER_EVENTS = ['server.#', 'catalogue.changed', 'tool.definition.changed'] as const;

/** A server as the log tells it, and what only the registry counts. */
export interface KnownServer {
  readonly view: ServerView;
  /** Version of `server-<name>`, the stream that the registry writes; the executors' is another. */
  readonly registrationVersion: number;
  /** How often it started again after it had failed or was lost; starts after an orderly stop do not count. */
  readonly restarts: number;
}

/** The server that an event tells of; undefined for other events. */
export function serverOf({ type, data }: RecordedEvent): string | undefined {
  const concerned = type.startsWith('server.') || type === 'catalogue.changed' || type === 'tool.definition.changed';
  return concerned ? (data as { server: string }).server : undefined;
}

/** The server after one more event that tells of it. */
export function foldServer(before: KnownServer | undefined, event: RecordedEvent): KnownServer | undefined {
  const view = evolveServer(before?.view, event);
  if (!view) return undefined;
  const own = OWN_TYPES.has(event.type);
  const again = event.type === 'server.started' && isRecovery(before?.view.life.executors[event.data.executor]);
  return {
    view,
    registrationVersion: own ? event.streamVersion : (before?.registrationVersion ?? 0),
    restarts: (before?.restarts ?? 0) + (again ? 1 : 0),
  };
}

function isRecovery(stateBefore: ServerExecutorState | undefined): boolean {
  return stateBefore === 'failed' || stateBefore === 'running';
}
