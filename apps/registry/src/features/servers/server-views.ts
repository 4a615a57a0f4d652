import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { EntityLog } from '../../entity-log.js';
import { foldServer, serverOf, type KnownServer } from './server-fold.js';

export type { KnownServer } from './server-fold.js';

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
    const known = foldServer(before, event);
    if (!known) return;
    this.#servers.set(name, known);
    const wasThere = before !== undefined && before.view.state !== 'removed';
    const namesChanged = wasThere === (known.view.state === 'removed');
    for (const listener of this.#listeners) listener({ server: name, namesChanged });
  }
}
