import type { EventData, RecordedEvent, ServerCommandName } from '@signalbox/contracts';
import { withToolClass, type ToolClasses } from '../call/safety-class.js';
import { catalogueDecider, type Catalogue, type CatalogueState } from './catalogue.js';
import { isUp, redirectRuleOf } from './redirect.js';
import { evolveLifecycle, stateOf, UNBORN, type Lifecycle, type ServerState } from './lifecycle.js';

export interface ServerFailure {
  readonly error: string;
  readonly executor: string;
  readonly attempt: number;
  /** RFC 3339. */
  readonly at: string;
  /** When the executor tries again; absent when it has given up. */
  readonly retryAt?: string;
}

export interface LastCommand {
  readonly command: ServerCommandName;
  readonly who: string;
  readonly why?: string;
  /** RFC 3339. */
  readonly at: string;
}

/** An upstream server as the events of its stream tell it. Times are RFC 3339. */
export interface ServerView {
  readonly server: string;
  readonly state: ServerState;
  readonly transport?: 'stdio' | 'http';
  readonly definition?: EventData<'server.registered'>['definition'];
  readonly source?: string;
  readonly registeredAt?: string;
  /** Names of servers that must run before it. */
  readonly dependsOn: readonly string[];
  /** The server that stands in for it when it has failed. */
  readonly redirectTo?: string | undefined;
  readonly life: Lifecycle;
  /** Since when it can take calls, or has failed; absent where neither is so. */
  readonly upSince?: string | undefined;
  readonly failedSince?: string | undefined;
  /** Where its calls go now, if not to itself. */
  readonly redirect?: { readonly to: string; readonly since: string; readonly who: string; readonly why: string };
  /** The last command that it obeyed. */
  readonly lastCommand?: LastCommand;
  /** Why it is degraded; absent when it is well. */
  readonly degradedReason?: string;
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
  /** What operators have said by the API of its tools. */
  readonly toolClasses: ToolClasses;
  /** Version of the stream. */
  readonly version: number;
}

/** The server after one more event of its stream. Events of other kinds change nothing. */
export function evolveServer(server: ServerView | undefined, event: RecordedEvent): ServerView | undefined {
  switch (event.type) {
    case 'server.registered': {
      const { server: name, who: _who, why: _why, ...registered } = event.data;
      const before = of(server, name);
      const dependsOn = dependenciesIn(registered.definition);
      const redirectTo = redirectRuleOf(registered.definition)?.to;
      return at(event, lived({ ...before, ...registered, dependsOn, redirectTo, registeredAt: event.time }, event));
    }
    case 'server.removed': {
      const { lastCommand: _gone, redirect: _end, ...before } = of(server, event.data.server);
      // another server may take its name, whose tools are others
      return at(event, lived({ ...before, toolClasses: {} }, event));
    }
    case 'server.redirected': {
      const { server: name, ...redirect } = event.data;
      return at(event, { ...of(server, name), redirect: { ...redirect, since: event.time } });
    }
    case 'server.redirect_ended': {
      const { redirect: _over, ...before } = of(server, event.data.server);
      return at(event, before);
    }
    case 'server.tool.classified': {
      const { server: name, tool, class: wanted } = event.data;
      const before = of(server, name);
      return at(event, { ...before, toolClasses: withToolClass(before.toolClasses, tool, wanted) });
    }
    case 'server.commanded': {
      const { server: name, command, who, why } = event.data;
      const lastCommand = { command, who, ...(why === undefined ? {} : { why }), at: event.time };
      return at(event, lived({ ...of(server, name), lastCommand }, event));
    }
    case 'server.started': {
      const { server: name, protocolVersion, serverInfo, capabilities, instructions } = event.data;
      const said = { protocolVersion, serverInfo, capabilities, instructions, startedAt: event.time };
      return at(
        event,
        lived({ ...of(server, name), ...said, stoppedReason: undefined, degradedReason: undefined }, event),
      );
    }
    case 'server.failed': {
      const { server: name, executor, error, attempt, retryInMs } = event.data;
      const retryAt = retryInMs === undefined ? undefined : new Date(Date.parse(event.time) + retryInMs).toISOString();
      const lastError = { error, executor, attempt, at: event.time, retryAt };
      return at(event, lived({ ...of(server, name), lastError, degradedReason: undefined }, event));
    }
    case 'server.stopped':
      return at(event, lived({ ...of(server, event.data.server), stoppedReason: event.data.reason }, event));
    case 'server.state_changed': {
      const { server: name, to, reason } = event.data;
      return at(event, lived({ ...of(server, name), degradedReason: to === 'degraded' ? reason : undefined }, event));
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
  const unknown = { server: name, state: 'registered', dependsOn: [], life: { ...UNBORN, exists: true } } as const;
  return server ?? { ...unknown, knownHashes: {}, toolClasses: {}, version: 0 };
}

function at(event: RecordedEvent, server: ServerView): ServerView {
  return { ...server, version: event.streamVersion };
}

function lived(server: ServerView, event: RecordedEvent): ServerView {
  const life = evolveLifecycle(server.life, event);
  const state = stateOf(life);
  const upSince = isUp(state) ? (server.upSince ?? event.time) : undefined;
  const failedSince = state === 'failed' ? (server.failedSince ?? event.time) : undefined;
  return { ...server, life, state, upSince, failedSince };
}

function dependenciesIn(definition: EventData<'server.registered'>['definition']): readonly string[] {
  const settings = definition['signalbox'] as { readonly dependsOn?: readonly string[] } | undefined;
  return settings?.dependsOn ?? [];
}
