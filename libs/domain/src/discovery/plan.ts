import { discoveredBy } from '@signalbox/contracts';
import { otherName, serverNameFrom } from './server-name.js';
import { targetKey } from './target-key.js';

type Entry = Readonly<Record<string, unknown>>;

/** A server that a source names. */
export interface FoundServer {
  /** What it would be called; any text. */
  readonly name: string;
  /** As an entry of `mcpServers`. */
  readonly entry: Entry;
  /** What stays the same while its instances come and go: a service. Absent for what is in one place. */
  readonly group?: string;
}

/** The newest answer of a source that worked; undefined when it has not answered yet. */
export interface SourceAnswer {
  readonly source: string;
  readonly found: readonly FoundServer[] | undefined;
  /** Whether a part of it could not be asked, so that what it does not name may be there all the same. */
  readonly isPartial?: boolean;
}

/** A server that there is, as the log has it. */
export interface DefinedServer {
  readonly name: string;
  readonly source: string;
  readonly entry: Entry;
}

export interface DiscoveryState {
  /** The first source that names a server is the one that it comes from. */
  readonly answers: readonly SourceAnswer[];
  readonly defined: readonly DefinedServer[];
  /** Server → since when no source names it, milliseconds since the epoch. */
  readonly missing: ReadonlyMap<string, number>;
}

export interface PlannedServer extends FoundServer {
  readonly source: string;
}

/** A found server that is there already, by another definition or another source. */
export interface Duplicate {
  readonly source: string;
  /** What the source calls it. */
  readonly name: string;
  readonly of: string;
}

export interface DiscoveryPlan {
  readonly define: readonly PlannedServer[];
  readonly duplicates: readonly Duplicate[];
  /** Names of those that were missing for long enough. */
  readonly remove: readonly string[];
  /** To be given to the next plan. */
  readonly missing: ReadonlyMap<string, number>;
}

/**
 * What to do so that the servers there are become those that the sources name. A server keeps its name for as long as its
 * target is the same, whatever else is found; one that is defined by hand is left alone. What a source that does not
 * answer has found before stays.
 * @param now milliseconds since the epoch
 * @param graceMs how long a server stays that no source names any more
 */
export function planDiscovery(state: DiscoveryState, now: number, graceMs: number): DiscoveryPlan {
  const naming = new Naming(state.defined);
  const duplicates: Duplicate[] = [];
  const fresh: Array<PlannedServer & { key: string }> = [];
  const seen = new Map<string, PlannedServer>();
  for (const { source, found = [] } of state.answers) {
    for (const { name, entry, group } of found) {
      const key = targetKey(entry);
      const first = seen.get(key);
      const byHand = naming.byHand(key);
      if (first || byHand !== undefined) {
        duplicates.push({ source, name, of: first?.name ?? byHand! });
        continue;
      }
      const server = { name, entry, source, key, ...(group === undefined ? {} : { group }) };
      seen.set(key, server);
      fresh.push(server);
    }
  }
  // those that have a name keep it, before others ask for one
  const kept = new Map(fresh.map((server) => [server, naming.keep(server.key) ?? naming.keepGroup(server)]));
  const define = fresh.map((server): PlannedServer => {
    const { key, ...found } = server;
    const name = kept.get(server) ?? naming.give(serverNameFrom(server.name), server.group ?? key);
    return { ...found, name };
  });
  return { define, duplicates, ...gone(state, naming, now, graceMs) };
}

function gone(
  { answers, defined, missing }: DiscoveryState,
  naming: Naming,
  now: number,
  graceMs: number,
): Pick<DiscoveryPlan, 'remove' | 'missing'> {
  const silent = new Set(
    answers.flatMap(({ source, found, isPartial }) => (found === undefined || isPartial ? [source] : [])),
  );
  const remove: string[] = [];
  const stillMissing = new Map<string, number>();
  for (const { name, source } of defined) {
    const by = discoveredBy(source);
    if (by === undefined || silent.has(by) || naming.isGiven(name)) continue;
    const since = missing.get(name) ?? now;
    stillMissing.set(name, since);
    if (now - since >= graceMs) remove.push(name);
  }
  return { remove, missing: stillMissing };
}

/** Which server has which name, and who still may have it. */
class Naming {
  readonly #byKey = new Map<string, DefinedServer>();
  readonly #byName = new Map<string, DefinedServer>();
  readonly #given = new Set<string>();

  constructor(defined: readonly DefinedServer[]) {
    for (const server of defined) {
      this.#byName.set(server.name, server);
      const key = targetKey(server.entry);
      const before = this.#byKey.get(key);
      if (!before || discoveredBy(before.source) !== undefined) this.#byKey.set(key, server);
    }
  }

  /** The server that was defined by hand with this target. */
  byHand(key: string): string | undefined {
    const server = this.#byKey.get(key);
    return server && discoveredBy(server.source) === undefined ? server.name : undefined;
  }

  keep(key: string): string | undefined {
    const server = this.#byKey.get(key);
    if (server) this.#given.add(server.name);
    return server?.name;
  }

  /** The name that a service has by this source, whatever instances it had then. */
  keepGroup({ name, source, group }: PlannedServer): string | undefined {
    if (group === undefined) return undefined;
    const wanted = serverNameFrom(name);
    const there = [otherName(wanted, group), wanted].find((one) => {
      const server = this.#byName.get(one);
      return (
        server &&
        discoveredBy(server.source) === source &&
        Array.isArray(server.entry['instances']) &&
        !this.#given.has(one)
      );
    });
    if (there !== undefined) this.#given.add(there);
    return there;
  }

  give(wanted: string, key: string): string {
    const name = this.#isFree(wanted) ? wanted : otherName(wanted, key);
    this.#given.add(name);
    return name;
  }

  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  #isFree(name: string): boolean {
    const server = this.#byName.get(name);
    return !this.#given.has(name) && (server === undefined || discoveredBy(server.source) !== undefined);
  }
}
