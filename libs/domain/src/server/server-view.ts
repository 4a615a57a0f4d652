import type { EventData, RecordedEvent } from '@signalbox/contracts';
import { catalogueDecider, type Catalogue, type CatalogueState } from './catalogue.js';

/** `registered`: no executor has said anything about it yet; `removed`: it is no longer configured. */
export type ServerState = 'registered' | 'running' | 'failed' | 'stopped' | 'removed';

export interface ServerFailure {
  readonly error: string;
  readonly executor: string;
  readonly attempt: number;
  /** RFC 3339. */
  readonly at: string;
  /** When the executor tries again; absent when it has given up. */
  readonly retryAt?: string;
}

/** An upstream server as the events of its stream tell it. Times are RFC 3339. */
export interface ServerView {
  readonly server: string;
  readonly state: ServerState;
  readonly transport?: 'stdio' | 'http';
  readonly definition?: EventData<'server.registered'>['definition'];
  readonly source?: string;
  readonly registeredAt?: string;
  /** What it is in each executor that has had to do with it. */
  readonly executors: Readonly<Record<string, 'running' | 'failed' | 'stopped'>>;
  readonly startedAt?: string;
  readonly stoppedReason?: string;
  /** The last failure, also when it runs again. */
  readonly lastError?: ServerFailure;
  readonly protocolVersion?: string;
  readonly serverInfo?: EventData<'server.started'>['serverInfo'];
  readonly capabilities?: EventData<'server.started'>['capabilities'];
  readonly instructions?: string;
  /** The last that was heard, also while it does not run. */
  readonly catalogue?: Catalogue;
  readonly catalogueAt?: string;
  readonly knownHashes: CatalogueState['knownHashes'];
  readonly pendingCatalogue?: CatalogueState['pending'];
  /** Version of the stream. */
  readonly version: number;
}

/** The server after one more event of its stream. Events of other kinds change nothing. */
export function evolveServer(server: ServerView | undefined, event: RecordedEvent): ServerView | undefined {
  switch (event.type) {
    case 'server.registered': {
      const { server: name, ...registered } = event.data;
      const before = server?.state === 'removed' ? { ...server, executors: {} } : of(server, name);
      return at(event, { ...before, ...registered, registeredAt: event.time, state: stateOf(before.executors) });
    }
    case 'server.removed':
      return at(event, { ...of(server, event.data.server), state: 'removed' });
    case 'server.started': {
      const { server: name, executor, protocolVersion, serverInfo, capabilities, instructions } = event.data;
      const said = { protocolVersion, serverInfo, capabilities, instructions, startedAt: event.time };
      return at(event, inExecutor({ ...of(server, name), ...said, stoppedReason: undefined }, executor, 'running'));
    }
    case 'server.failed': {
      const { server: name, executor, error, attempt, retryInMs } = event.data;
      const retryAt = retryInMs === undefined ? undefined : new Date(Date.parse(event.time) + retryInMs).toISOString();
      const lastError = { error, executor, attempt, at: event.time, retryAt };
      return at(event, inExecutor({ ...of(server, name), lastError }, executor, 'failed'));
    }
    case 'server.stopped': {
      const { server: name, executor, reason } = event.data;
      return at(event, inExecutor({ ...of(server, name), stoppedReason: reason }, executor, 'stopped'));
    }
    case 'catalogue.changed': {
      const before = of(server, event.data.server);
      const { catalogue: current, knownHashes, pendingCatalogue: pending } = before;
      const state = catalogueDecider.evolve(
        { ...(current && { current }), knownHashes, ...(pending && { pending }) },
        event,
      );
      return at(event, {
        ...before,
        ...(state.current === undefined ? {} : { catalogue: state.current }),
        knownHashes: state.knownHashes,
        pendingCatalogue: state.pending,
        catalogueAt: event.time,
      });
    }
    default:
      return server;
  }
}

function of(server: ServerView | undefined, name: string): ServerView {
  return server ?? { server: name, state: 'registered', executors: {}, knownHashes: {}, version: 0 };
}

function at(event: RecordedEvent, server: ServerView): ServerView {
  return { ...server, version: event.streamVersion };
}

function inExecutor(server: ServerView, executor: string, state: 'running' | 'failed' | 'stopped'): ServerView {
  const executors = { ...server.executors, [executor]: state };
  // what an executor still says while it takes leave of a removed server does not bring the server back
  return { ...server, executors, state: server.state === 'removed' ? 'removed' : stateOf(executors) };
}

/** A server runs when it runs anywhere. */
function stateOf(executors: ServerView['executors']): ServerState {
  const states = Object.values(executors);
  return (['running', 'failed', 'stopped'] as const).find((state) => states.includes(state)) ?? 'registered';
}
