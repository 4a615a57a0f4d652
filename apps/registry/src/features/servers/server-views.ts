import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RecordedEvent, ServerExecutorState } from '@signalbox/contracts';
import { evolveServer, type ServerView } from '@signalbox/domain/server';
import { EntityLog } from '../../entity-log.js';

/** What the registry writes of a server. */
const OWN_TYPES = new Set(['server.registered', 'server.removed', 'server.commanded', 'server.tool.classified']);

/** A server as the log tells it, and what only the registry counts. */
export interface KnownServer {
  readonly view: ServerView;
  /** Version of `server-<name>`, the stream that the registry writes; the executors' is another. */
  readonly registrationVersion: number;
  /** How often it started again after it had failed or was lost; starts after an orderly stop do not count. */
  readonly restarts: number;
}

export interface ServerChange {
  readonly server: string;
  /** It was not configured before, or is not any more. */
  readonly namesChanged: boolean;
}

/** All upstream servers that the log knows, in memory. */
@Injectable()
export class ServerViews implements OnModuleInit {
  readonly #servers = new Map<string, KnownServer>();
  readonly #listeners = new Set<(change: ServerChange) => void>();

  constructor(private readonly log: EntityLog) {}

  onModuleInit(): void {
    this.log.onEvent((event) => this.#apply(event));
  }

  get(name: string): KnownServer | undefined {
    return this.#servers.get(name);
  }

  /** All that are or were registered, by name. */
  all(): KnownServer[] {
    return [...this.#servers.values()].sort((a, b) => (a.view.server < b.view.server ? -1 : 1));
  }

  onChange(listener: (change: ServerChange) => void): void {
    this.#listeners.add(listener);
  }

  #apply(event: RecordedEvent): void {
    const name = serverOf(event);
    if (name === undefined) return;
    const before = this.#servers.get(name);
    const view = evolveServer(before?.view, event);
    if (!view) return;
    const own = OWN_TYPES.has(event.type);
    const again = event.type === 'server.started' && isRecovery(before?.view.life.executors[event.data.executor]);
    this.#servers.set(name, {
      view,
      registrationVersion: own ? event.streamVersion : (before?.registrationVersion ?? 0),
      restarts: (before?.restarts ?? 0) + (again ? 1 : 0),
    });
    const wasThere = before !== undefined && before.view.state !== 'removed';
    const namesChanged = wasThere === (view.state === 'removed');
    for (const listener of this.#listeners) listener({ server: name, namesChanged });
  }
}

function serverOf({ type, data }: RecordedEvent): string | undefined {
  const concerned = type.startsWith('server.') || type === 'catalogue.changed' || type === 'tool.definition.changed';
  return concerned ? (data as { server: string }).server : undefined;
}

function isRecovery(stateBefore: ServerExecutorState | undefined): boolean {
  return stateBefore === 'failed' || stateBefore === 'running';
}
