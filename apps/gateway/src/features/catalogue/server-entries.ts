import { isDefinedInLog, upstreamSettingsSchema, type EventData, type ServerCommandName } from '@signalbox/contracts';
import { withToolClass } from '@signalbox/domain/call';
import { joinCatalogue, type PendingParts } from '@signalbox/domain/server';
import type { ServerEvent } from './server-event.js';
import { newServerEntry, type ServerCatalogue, type ServerEntry } from './server-entry.js';

/** All upstream servers that the log knows, by name. Changed by events only. */
export class ServerEntries {
  readonly #entries = new Map<string, ServerEntry>();

  readonly #pending = new Map<string, PendingParts>();

  get(name: string): ServerEntry | undefined {
    const entry = this.#entries.get(name);
    return entry?.isRemoved ? undefined : entry;
  }

  /** By name, so that lists have an order that does not depend on who started first. */
  all(): ServerEntry[] {
    return [...this.#entries.values()].filter(({ isRemoved }) => !isRemoved).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @returns whether anything that clients can see may be different now */
  apply(event: ServerEvent): boolean {
    const { server } = event.data;
    const at = Date.parse(event.time);
    const before = this.#entries.get(server);
    const entry = before ?? newServerEntry(server, at);
    const after = event.type === 'catalogue.changed' ? this.#joined(entry, event.data) : next(entry, event, at);
    this.#entries.set(server, after);
    if (event.type === 'server.removed') this.#pending.delete(server);
    return after !== before && !(before?.isRemoved && after.isRemoved);
  }

  /**
   * Takes the resources of a long list, which are not in the log.
   * @param hash of the list as the log knew it when they were asked for
   * @returns whether the server is still there
   */
  setResources(server: string, hash: string, resources: ServerCatalogue['resources']): boolean {
    const entry = this.get(server);
    if (!entry?.catalogue?.resourceList) return false;
    this.#entries.set(server, { ...entry, catalogue: { ...entry.catalogue, resources }, resourcesHash: hash });
    return true;
  }

  #joined(entry: ServerEntry, data: ServerCatalogue): ServerEntry {
    const { whole, pending } = joinCatalogue(this.#pending.get(entry.name) ?? {}, data);
    this.#pending.set(entry.name, pending);
    if (!whole) return entry;
    if (!whole.resourceList) return { ...entry, catalogue: whole, resourcesHash: undefined };
    // the last that is known serves until the new list is here
    return { ...entry, catalogue: { ...whole, resources: entry.catalogue?.resources ?? [] } };
  }
}

type StateEvent = Exclude<ServerEvent, { type: 'catalogue.changed' }>;

function next(entry: ServerEntry, event: StateEvent, at: number): ServerEntry {
  switch (event.type) {
    case 'server.started': {
      const { executor, protocolVersion, capabilities, instructions } = event.data;
      const executors = new Set(entry.executors).add(executor);
      const said = { startedBy: event.id, protocolVersion, capabilities, instructions };
      const withheld = entry.withheld === 'awaited' ? undefined : entry.withheld;
      return { ...entry, executors, downSince: undefined, lastError: undefined, withheld, ...said };
    }
    case 'server.failed':
      return without(entry, event.data.executor, at, event.data.error);
    case 'server.stopped':
      return without(entry, event.data.executor, at, event.data.reason);
    case 'server.registered':
      return registered(entry, event.data);
    case 'server.removed':
      return {
        ...entry,
        executors: new Set(),
        downSince: at,
        isRemoved: true,
        redirectedTo: undefined,
        withheld: 'awaited',
        settings: undefined,
        toolClasses: {},
      };
    case 'server.tool.classified':
      return { ...entry, toolClasses: withToolClass(entry.toolClasses, event.data.tool, event.data.class) };
    case 'server.commanded':
      return commanded(entry, event.data.command);
    case 'server.redirected':
      return { ...entry, redirectedTo: event.data.to, downSince: undefined };
    case 'server.redirect_ended': {
      const downSince = entry.executors.size > 0 ? undefined : at;
      return { ...entry, redirectedTo: undefined, downSince };
    }
  }
}

/** One that comes back is in the lists when it runs: what it offers may be different. */
function registered(entry: ServerEntry, { source, definition }: EventData<'server.registered'>): ServerEntry {
  const ofLog = isDefinedInLog(source) ? upstreamSettingsSchema.safeParse(definition['signalbox']).data : undefined;
  if (!entry.isRemoved && !ofLog && !entry.settings) return entry;
  return { ...entry, isRemoved: false, settings: ofLog };
}

function commanded(entry: ServerEntry, command: ServerCommandName): ServerEntry {
  switch (command) {
    case 'stop':
    case 'drain':
    case 'quarantine':
      return { ...entry, withheld: 'stopped' };
    case 'start':
    case 'approve':
      return entry.withheld === 'stopped' ? { ...entry, withheld: 'awaited' } : entry;
    case 'restart':
      return entry;
  }
}

function without(entry: ServerEntry, executor: string, at: number, error: string): ServerEntry {
  const executors = new Set(entry.executors);
  executors.delete(executor);
  const isServed = executors.size > 0 || entry.redirectedTo !== undefined;
  const downSince = isServed ? undefined : (entry.downSince ?? at);
  return { ...entry, executors, downSince, lastError: error };
}
