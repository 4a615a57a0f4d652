import { suiteOfScope, type CachingHint, type RecordedEvent, type UpstreamSettings } from '@signalbox/contracts';
import type { Clock } from '@signalbox/ports';
import { exportedEntries, importedEntries, superfluous, type Sharing } from '../federation/sharing.js';
import { CatalogueView, type ToolListing } from './catalogue-view.js';
import { ItemTexts } from './item-texts.js';
import { LIST_KINDS, type ListKind } from './list-kind.js';
import { ServerEntries } from './server-entries.js';
import type { Availability, ServerCatalogue, ServerEntry } from './server-entry.js';
import { isServerEvent } from './server-event.js';

const ALL_TOOLS: ToolListing = { own: [] };
const NONE: ReadonlySet<object> = new Set();

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
  /** What is shared with peers; undefined where there is nobody to share with. */
  readonly sharing?: (() => Omit<Sharing, 'settings'>) | undefined;
}

/** Revisions within one announcement (`catalogue.settleMs`) of which it is known that they were read. */
const MAX_SERVED = 32;

/** What all upstream servers offer, merged, in memory; changed by events of the log. */
export class Catalogue {
  readonly #servers = new ServerEntries();
  /** A server that was down when we started is as good as just down: it may be starting with us. */
  readonly #startedAt: number;
  readonly #texts = new ItemTexts();
  #views = new Map<string | undefined, CatalogueView>();
  #toolListing: ToolListing = { own: [] };
  /** Revisions that are no longer the present one, and of which somebody has read a list. */
  readonly #served = new Map<string | undefined, CatalogueView[]>();

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
    if (changed) this.refresh();
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
    const peer = suiteOfScope(scope);
    const entries = this.#entriesFor(peer);
    const settings = (server: string) => this.#settings(server);
    const isAvailable = (entry: ServerEntry): boolean => this.availability(entry) === 'available';
    const view = new CatalogueView(entries, {
      ...this.options,
      settings,
      scope: peer === undefined ? scope : undefined,
      unlisted: scope === undefined ? superfluous(entries, settings, isAvailable) : NONE,
      availability: (entry) => this.availability(entry),
      texts: this.#texts,
      toolListing: peer === undefined ? this.#toolListing : ALL_TOOLS,
    });
    // other names come from outside and show nothing: they must not fill the map. Peers are counted where they come in
    if (scope === undefined || peer !== undefined || this.#servers.get(scope)) this.#views.set(scope, view);
    return view;
  }

  /** Drops what is kept for a view that nobody asks for any more. */
  forget(scope: string): void {
    this.#views.delete(scope);
  }

  #entriesFor(peer: string | undefined): readonly ServerEntry[] {
    const all = this.#servers.all();
    const given = this.options.sharing?.();
    if (!given) return all;
    const sharing = { ...given, settings: (server: string) => this.#settings(server) };
    return peer === undefined ? importedEntries(all, sharing) : exportedEntries(all, peer, sharing);
  }

  #settings(server: string): UpstreamSettings | undefined {
    return this.options.settings(server) ?? this.#servers.get(server)?.settings;
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
    for (const [scope, view] of this.#views) if (view.served.size > 0) this.#keepServed(scope, view);
    this.#views = new Map();
  }

  /** Revisions since the last call of which somebody has read a list, oldest first, but for the present one. */
  takeServed(scope: string | undefined): readonly CatalogueView[] {
    const served = this.#served.get(scope) ?? [];
    this.#served.delete(scope);
    return served;
  }

  /** Of many, the first and the newest: who read one between them is told if it differs from either. */
  #keepServed(scope: string | undefined, view: CatalogueView): void {
    const served = this.#served.get(scope) ?? [];
    if (served.length >= MAX_SERVED) served.splice(1, 1);
    served.push(view);
    this.#served.set(scope, served);
  }

  /** The kinds of lists in which two views differ. */
  static difference(before: CatalogueView, after: CatalogueView): Set<ListKind> {
    return new Set(LIST_KINDS.filter((kind) => before.fingerprint(kind) !== after.fingerprint(kind)));
  }

  #countsFrom(downSince: number): number {
    return Math.max(downSince, this.#startedAt);
  }
}
