import type { CachingHint, RecordedEvent, UpstreamSettings } from '@signalbox/contracts';
import type { Clock } from '@signalbox/ports';
import { CatalogueView, type ToolListing } from './catalogue-view.js';
import { ItemTexts } from './item-texts.js';
import { LIST_KINDS, type ListKind } from './list-kind.js';
import { ServerEntries } from './server-entries.js';
import type { Availability, ServerCatalogue, ServerEntry } from './server-entry.js';
import { isServerEvent } from './server-event.js';

export interface CatalogueOptions {
  readonly pageSize: number;
  /** How long a server may be down before what it offers is marked as unavailable. */
  readonly unavailableAfterMs: number;
  /** How long it stays listed. */
  readonly graceMs: number;
  readonly defaultDeadlineMs: number;
  /** What is said of the lists of servers that do not say it themselves. */
  readonly defaultCaching: CachingHint;
  readonly settings: (server: string) => UpstreamSettings | undefined;
}

/** What all upstream servers offer, merged, in memory; changed by events of the log. */
export class Catalogue {
  readonly #servers = new ServerEntries();
  /** A server that was down when we started is as good as just down: it may be starting with us. */
  readonly #startedAt: number;
  readonly #texts = new ItemTexts();
  #views = new Map<string | undefined, CatalogueView>();
  #toolListing: ToolListing = { own: [] };

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
      settings: (server) => this.options.settings(server) ?? this.#servers.get(server)?.settings,
      scope,
      availability: (entry) => this.availability(entry),
      texts: this.#texts,
      toolListing: this.#toolListing,
    });
    // other names come from outside and show nothing: they must not fill the map
    if (scope === undefined || this.#servers.get(scope)) this.#views.set(scope, view);
    return view;
  }

  /** Says what of the tools is in the lists from now on. */
  listTools(listing: ToolListing): void {
    this.#toolListing = listing;
    this.refresh();
  }

  /** Milliseconds until a server that is down is listed in another way, or undefined when none will be. */
  nextExpiry(): number | undefined {
    const now = this.clock.now();
    const times = this.servers()
      .filter(({ downSince, catalogue }) => downSince !== undefined && catalogue)
      .flatMap(({ downSince }) => {
        const { unavailableAfterMs, graceMs } = this.options;
        return [unavailableAfterMs, graceMs].map((afterMs) => this.#countsFrom(downSince!) + afterMs - now);
      })
      .filter((inMs) => inMs > 0);
    return times.length === 0 ? undefined : Math.min(...times) + 1;
  }

  availability({ downSince, withheld }: ServerEntry): Availability {
    if (withheld !== undefined) return 'gone';
    if (downSince === undefined) return 'available';
    const downMs = this.clock.now() - this.#countsFrom(downSince);
    // graceMs may be the shorter one: then nothing is ever marked
    if (downMs >= this.options.graceMs) return 'gone';
    return downMs >= this.options.unavailableAfterMs ? 'unavailable' : 'available';
  }

  /** Makes the views again, because something besides events has changed. */
  refresh(): void {
    this.#views = new Map();
  }

  /** The kinds of lists in which two views differ. */
  static difference(before: CatalogueView, after: CatalogueView): Set<ListKind> {
    return new Set(LIST_KINDS.filter((kind) => before.fingerprint(kind) !== after.fingerprint(kind)));
  }

  #countsFrom(downSince: number): number {
    return Math.max(downSince, this.#startedAt);
  }
}
