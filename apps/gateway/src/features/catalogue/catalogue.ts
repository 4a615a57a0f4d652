import type { RecordedEvent, UpstreamSettings } from '@signalbox/contracts';
import type { Clock } from '@signalbox/ports';
import { CatalogueView, type ListKind } from './catalogue-view.js';
import { ServerEntries } from './server-entries.js';
import type { ServerCatalogue, ServerEntry } from './server-entry.js';
import { isServerEvent } from './server-event.js';

export interface CatalogueOptions {
  readonly pageSize: number;
  readonly graceMs: number;
  readonly defaultDeadlineMs: number;
  readonly settings: (server: string) => UpstreamSettings | undefined;
}

const KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];

/** What all upstream servers offer, merged, in memory; changed by events of the log. */
export class Catalogue {
  readonly #servers = new ServerEntries();
  /** A server that was down when we started is as good as just down: it may be starting with us. */
  readonly #startedAt: number;
  #views = new Map<string | undefined, CatalogueView>();

  constructor(
    private readonly options: CatalogueOptions,
    private readonly clock: Clock,
  ) {
    this.#startedAt = clock.now();
  }

  server(name: string): ServerEntry | undefined {
    return this.#servers.get(name);
  }

  servers(): ServerEntry[] {
    return this.#servers.all();
  }

  /** @returns whether clients may see a difference */
  apply(events: readonly RecordedEvent[]): boolean {
    let changed = false;
    for (const event of events) if (isServerEvent(event) && this.#servers.apply(event)) changed = true;
    if (changed) this.#views = new Map();
    return changed;
  }

  /** Servers with a long list of resources that is not known, or not in its newest form. */
  unreadLists(): { readonly server: string; readonly hash: string }[] {
    return this.#servers.all().flatMap(({ name, catalogue, resourcesHash, downSince }) => {
      const hash = catalogue?.resourceList?.hash;
      return hash === undefined || hash === resourcesHash || downSince !== undefined ? [] : [{ server: name, hash }];
    });
  }

  /** Takes a long list of resources, see {@link unreadLists}. @returns whether clients may see a difference */
  setResources(server: string, hash: string, resources: ServerCatalogue['resources']): boolean {
    if (!this.#servers.setResources(server, hash, resources)) return false;
    this.refresh();
    return true;
  }

  /** @param scope the one server that is seen; all when absent */
  view(scope?: string): CatalogueView {
    const known = this.#views.get(scope);
    if (known) return known;
    const view = new CatalogueView(this.#servers.all(), {
      ...this.options,
      scope,
      listed: (entry) => this.#listed(entry),
    });
    // other names come from outside and show nothing: they must not fill the map
    if (scope === undefined || this.#servers.get(scope)) this.#views.set(scope, view);
    return view;
  }

  /** Milliseconds until a server that is down drops out of the lists, or undefined when none will. */
  nextExpiry(): number | undefined {
    const now = this.clock.now();
    const times = this.servers()
      .filter((entry) => entry.downSince !== undefined && entry.catalogue && this.#listed(entry))
      .map((entry) => this.#expiryOf(entry.downSince!) - now);
    return times.length === 0 ? undefined : Math.max(1, Math.min(...times) + 1);
  }

  /** Makes the views again, because something besides events has changed. */
  refresh(): void {
    this.#views = new Map();
  }

  /** The kinds of lists in which two views differ. */
  static difference(before: CatalogueView, after: CatalogueView): Set<ListKind> {
    return new Set(KINDS.filter((kind) => before.fingerprint(kind) !== after.fingerprint(kind)));
  }

  #listed({ downSince }: ServerEntry): boolean {
    return downSince === undefined || this.clock.now() < this.#expiryOf(downSince);
  }

  #expiryOf(downSince: number): number {
    return Math.max(downSince, this.#startedAt) + this.options.graceMs;
  }
}
