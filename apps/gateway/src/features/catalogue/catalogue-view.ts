import {
  statedClassOf,
  type CachingHint,
  type SafetyClass,
  type TaskSupport,
  type UpstreamSettings,
} from '@signalbox/contracts';
import { isQueued, safetyClassOf } from '@signalbox/domain/call';
import { taskSupportOf } from '@signalbox/domain/task';
import {
  exposedName,
  PagedList,
  uriTemplateMatcher,
  type ListItem,
  type McpRequest,
  type Outcome,
} from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import type { ItemTexts } from './item-texts.js';
import { LIST_KINDS, type ListKind } from './list-kind.js';
import { strictest } from './list-caching.js';
import type { Availability, ServerEntry } from './server-entry.js';

export type { ListKind } from './list-kind.js';
export type Definition = Readonly<Record<string, unknown>> & { readonly name: string };

/** Something that clients call by name. */
export interface NamedEntry {
  readonly server: string;
  /** Its name at its server. */
  readonly name: string;
  /** Its name in this view. */
  readonly exposed: string;
  readonly definition: Definition;
}

export interface ToolEntry extends NamedEntry {
  readonly definitionHash: string | undefined;
  readonly safetyClass: SafetyClass;
  /** Whether calls need not wait for the log. */
  readonly queued: boolean;
  readonly deadlineMs: number;
  /** Whether calls become tasks; never when absent. */
  readonly taskSupport?: TaskSupport;
}

/** A tool of the gateway itself. */
export interface OwnTool {
  readonly definition: Definition;
  call(request: McpRequest<Caller>): Outcome | Promise<Outcome>;
}

/** What of the tools is in the list; all of them can be called. */
export interface ToolListing {
  /** In the view of all servers. */
  readonly own: readonly OwnTool[];
  /** Of the servers' tools. All are when absent. */
  readonly shows?: ((exposed: string) => boolean) | undefined;
}

export interface ViewOptions {
  readonly pageSize: number;
  /** The one server that is seen, with its own names. */
  readonly scope?: string | undefined;
  readonly settings: (server: string) => UpstreamSettings | undefined;
  readonly defaultDeadlineMs: number;
  readonly availability: (entry: ServerEntry) => Availability;
  readonly texts: ItemTexts;
  readonly toolListing: ToolListing;
  /** Definitions of tools and prompts that can be called and are not listed: they are there by another name. */
  readonly unlisted: ReadonlySet<object>;
  /** What is said of the lists of servers that do not say it themselves. */
  readonly defaultCaching: CachingHint;
}

interface ResourceTemplate {
  readonly server: string;
  readonly template: string;
  readonly matches: (uri: string) => boolean;
}

/** What one kind of client sees at one revision of the catalogue; never changes. */
export class CatalogueView {
  readonly #tools = new Map<string, ToolEntry>();
  readonly #prompts = new Map<string, NamedEntry>();
  readonly #resources = new Map<string, string>();
  readonly #templates: ResourceTemplate[] = [];
  readonly #schemes = new Map<string, string | undefined>();
  readonly #lists: Readonly<Record<ListKind, PagedList>>;
  readonly tools: readonly ToolEntry[];
  /** Kinds of lists that somebody has read of this revision. */
  readonly served = new Set<ListKind>();

  constructor(
    entries: readonly ServerEntry[],
    private readonly options: ViewOptions,
  ) {
    const items: Record<ListKind, ListItem[]> = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
    const seen = entries.filter(({ name }) => options.scope === undefined || name === options.scope);
    this.tools = seen.flatMap((entry) => this.#addServer(entry, items));
    if (options.scope === undefined) this.#listOwn(items.tools);
    this.#addBareNames(this.#tools);
    this.#addBareNames(this.#prompts);
    const list = (kind: ListKind): [ListKind, PagedList] => {
      const caching = strictest(seen, kind, options.defaultCaching);
      return [kind, new PagedList(kind, items[kind], options.pageSize, caching)];
    };
    this.#lists = Object.fromEntries(LIST_KINDS.map(list)) as Record<ListKind, PagedList>;
  }

  /**
   * JSON text of a page of a list, or undefined when the cursor is malformed.
   * @param hinted with `ttlMs` and `cacheScope`, as MCP 2026-07-28 asks for them
   */
  page(kind: ListKind, cursor: unknown, hinted = false): string | undefined {
    this.served.add(kind);
    return this.#lists[kind].page(cursor, hinted);
  }

  /** How long, and for whom, a list may be kept: the strictest of what its servers say. */
  caching(kind: ListKind): CachingHint {
    return this.#lists[kind].hints;
  }

  /** All items of a list as JSON texts, to see whether it is different. */
  fingerprint(kind: ListKind): string {
    return this.#lists[kind].items.map((item) => item.text).join('\n');
  }

  /** What can be called by these names, listed or not. */
  names(kind: 'tools' | 'prompts'): string[] {
    return kind === 'tools'
      ? this.tools.map(({ exposed }) => exposed)
      : this.#lists[kind].items.map(({ name }) => name);
  }

  /** By its name in this view, or by its name at its server when only one server has it. */
  tool(name: string): ToolEntry | undefined {
    return this.#tools.get(name);
  }

  own(name: string): OwnTool | undefined {
    const { scope, toolListing } = this.options;
    return scope === undefined ? toolListing.own.find(({ definition }) => definition.name === name) : undefined;
  }

  prompt(name: string): NamedEntry | undefined {
    return this.#prompts.get(name);
  }

  /** The server that a resource belongs to: by its URI, else by a template that can make it, else by the only one with its scheme. */
  ownerOf(uri: string): string | undefined {
    if (this.options.scope !== undefined) return this.options.scope;
    const exact = this.#resources.get(uri) ?? this.#templates.find(({ matches }) => matches(uri))?.server;
    return exact ?? this.#schemes.get(schemeOf(uri));
  }

  /** The server whose list has this very template. */
  ownerOfTemplate(template: string): string | undefined {
    if (this.options.scope !== undefined) return this.options.scope;
    return this.#templates.find((entry) => entry.template === template)?.server;
  }

  /** @returns those of its tools that are listed; none when it has been away for too long */
  #addServer(entry: ServerEntry, items: Record<ListKind, ListItem[]>): ToolEntry[] {
    if (!entry.catalogue) return [];
    const availability = this.options.availability(entry);
    const shows = this.options.toolListing.shows;
    const list = (kind: ListKind, name: string, definition: object, as?: string): void => {
      if (availability === 'gone' || this.options.unlisted.has(definition)) return;
      if (kind === 'tools' && shows && this.options.scope === undefined && !shows(name)) return;
      const since = availability === 'unavailable' ? entry.downSince : undefined;
      items[kind].push({ name, text: this.options.texts.text(definition, as, since) });
    };
    const tools = this.#addTools(entry);
    for (const tool of tools) list('tools', tool.exposed, tool.definition, tool.exposed);
    for (const prompt of this.#addPrompts(entry)) list('prompts', prompt.exposed, prompt.definition, prompt.exposed);
    for (const resource of entry.catalogue.resources) {
      if (this.#addResource(entry.name, resource.uri)) list('resources', resource.uri, resource);
    }
    for (const template of entry.catalogue.resourceTemplates) {
      if (this.#addTemplate(entry.name, template.uriTemplate))
        list('resourceTemplates', template.uriTemplate, template);
    }
    return availability === 'gone' ? [] : tools.filter(({ definition }) => !this.options.unlisted.has(definition));
  }

  /** Before the others: who lists only the first page sees them. */
  #listOwn(tools: ListItem[]): void {
    const own = this.options.toolListing.own.map(({ definition }) => {
      return { name: definition.name, text: JSON.stringify(definition) };
    });
    tools.unshift(...own);
  }

  #addTools(entry: ServerEntry): ToolEntry[] {
    const settings = this.options.settings(entry.name);
    const { tools, definitionHashes } = entry.catalogue!;
    return this.#addNamed(this.#tools, entry.name, tools, (named) => {
      const described = { name: named.name, annotations: named.definition['annotations'] };
      const stated = settings?.peer ? statedClassOf(named.definition) : undefined;
      const safetyClass = safetyClassOf(described, settings, entry.toolClasses, stated);
      return {
        ...named,
        definitionHash: Object.hasOwn(definitionHashes, named.name) ? definitionHashes[named.name] : undefined,
        safetyClass,
        queued: isQueued(named.name, safetyClass, settings),
        deadlineMs: settings?.deadlineMs ?? this.options.defaultDeadlineMs,
        taskSupport: taskSupportOf(named.definition, settings),
      };
    });
  }

  #addPrompts(entry: ServerEntry): NamedEntry[] {
    return this.#addNamed(this.#prompts, entry.name, entry.catalogue!.prompts, (named) => named);
  }

  #addNamed<T extends NamedEntry>(
    into: Map<string, T>,
    server: string,
    definitions: readonly Definition[],
    make: (named: NamedEntry) => T,
  ): T[] {
    const added: T[] = [];
    for (const definition of definitions) {
      const { name } = definition;
      const exposed = this.options.scope === undefined ? exposedName(server, name) : name;
      if (into.has(exposed)) continue;
      const entry = make({ server, name, exposed, definition });
      into.set(exposed, entry);
      added.push(entry);
    }
    return added;
  }

  #addBareNames<T extends NamedEntry>(entries: Map<string, T>): void {
    const byBareName = new Map<string, T | undefined>();
    for (const entry of entries.values()) byBareName.set(entry.name, byBareName.has(entry.name) ? undefined : entry);
    for (const [name, entry] of byBareName) if (entry && !entries.has(name)) entries.set(name, entry);
  }

  #addResource(server: string, uri: string): boolean {
    this.#addScheme(server, uri);
    if (this.#resources.has(uri)) return false;
    this.#resources.set(uri, server);
    return true;
  }

  #addTemplate(server: string, template: string): boolean {
    this.#addScheme(server, template);
    if (this.#templates.some((known) => known.template === template)) return false;
    this.#templates.push({ server, template, matches: uriTemplateMatcher(template) });
    return true;
  }

  #addScheme(server: string, uri: string): void {
    const scheme = schemeOf(uri);
    const isKnown = this.#schemes.has(scheme);
    // a peer's resources make no difference to what is here: own servers come before them
    if (isKnown && this.options.settings(server)?.peer !== undefined) return;
    const owner = this.#schemes.get(scheme);
    this.#schemes.set(scheme, isKnown && owner !== server ? undefined : server);
  }
}

function schemeOf(uri: string): string {
  return uri.slice(0, Math.max(0, uri.indexOf(':'))).toLowerCase();
}
