import { createEvent, newId, type EventData, type NewEvent } from '@signalbox/contracts';
import { catalogueDecider, type Catalogue, type CatalogueEvent, type CatalogueState } from '@signalbox/domain/server';
import type { EventStore } from '@signalbox/ports';
import { upcast, type EventLog, type Redactor } from '@signalbox/runtime';
import { definitionHash } from './definition-hash.js';

const EVENTS_PER_COMMIT = 400;
/** Characters of JSON in one commit: at most three bytes each, and a commit may have 1 MiB. One event may have more. */
const CHARS_PER_COMMIT = 256 * 1024;
/** Longer lists of resources stay out of the log: they are content rather than configuration, and may change all the time. */
const RESOURCES_IN_LOG = 50;
/** Characters of a reason that are written down. */
const MAX_ERROR = 10_000;

/** What the log knows, and is told, of one upstream server. */
export class ServerLog {
  #catalogue: CatalogueState | undefined;
  #appended: Promise<void> = Promise.resolve();
  /** What else is written down with an event, in the same commit. */
  beside: (event: NewEvent) => NewEvent[] = () => [];

  constructor(
    private readonly server: string,
    private readonly executor: string,
    private readonly log: EventLog,
    private readonly store: EventStore,
    private readonly redactor: Redactor,
  ) {}

  started(data: Omit<EventData<'server.started'>, 'server' | 'executor'>): Promise<void> {
    return this.#append([createEvent('server.started', { ...this.#ids, ...data })]);
  }

  /** The error may hold what the server wrote to stderr: secrets are taken out of it. */
  failed(data: Omit<EventData<'server.failed'>, 'server' | 'executor'>): Promise<void> {
    const error = this.redactor.redact(data.error.slice(0, MAX_ERROR)) as string;
    return this.#append([createEvent('server.failed', { ...this.#ids, ...data, error })]);
  }

  stateChanged(data: Omit<EventData<'server.state_changed'>, 'server' | 'executor'>): Promise<void> {
    const reason = this.redactor.redact(data.reason.slice(0, MAX_ERROR)) as string;
    return this.#append([createEvent('server.state_changed', { ...this.#ids, ...data, reason })]);
  }

  stopped(reason: string): Promise<void> {
    return this.#append([createEvent('server.stopped', { ...this.#ids, reason })]);
  }

  /** Writes what differs from the last catalogue in the log, if anything does. @returns whether it did */
  async observe(catalogue: Catalogue): Promise<boolean> {
    const state = (this.#catalogue ??= await this.#load());
    const command = { server: this.server, catalogue: withoutLongLists(catalogue), changeId: newId() };
    const events = catalogueDecider.decide(command, state);
    await this.#append(events);
    this.#catalogue = events.reduce(catalogueDecider.evolve, state);
    return events.length > 0;
  }

  get #ids(): { server: string; executor: string } {
    return { server: this.server, executor: this.executor };
  }

  get #stream(): string {
    return `upstream-${this.server}`;
  }

  /** One after the other: what was said first is first in the log, also when the store was away meanwhile. */
  #append(events: readonly NewEvent[]): Promise<void> {
    const appended = this.#appended.then(() => this.#appendNow(events));
    this.#appended = appended.catch(() => undefined);
    return appended;
  }

  async #appendNow(events: readonly NewEvent[]): Promise<void> {
    for (const commit of commitsOf(events.flatMap((event) => [event, ...this.beside(event)]))) {
      const commitId = `${this.executor}.${newId()}`;
      await this.log.append({
        stream: this.#stream,
        expectedVersion: 'any',
        events: commit,
        commitId,
        metadata: { correlationId: commitId },
      });
    }
  }

  async #load(): Promise<CatalogueState> {
    let state = catalogueDecider.initial;
    for (let after: string | undefined; ;) {
      const query = { stream: this.#stream, type: 'catalogue.changed', limit: 100 };
      const page = await this.store.find(after === undefined ? query : { ...query, after });
      for (const { event } of page.items)
        state = catalogueDecider.evolve(state, upcast(event) as unknown as CatalogueEvent);
      if (page.next === null) return state;
      after = page.next;
    }
  }
}

function withoutLongLists(catalogue: Catalogue): Catalogue {
  const { resources } = catalogue;
  if (resources.length <= RESOURCES_IN_LOG) return catalogue;
  const sorted = [...resources].sort((a, b) => (a.uri < b.uri ? -1 : 1));
  return { ...catalogue, resources: [], resourceList: { count: resources.length, hash: definitionHash(sorted) } };
}

function* commitsOf(events: readonly NewEvent[]): Generator<NewEvent[]> {
  let commit: NewEvent[] = [];
  let chars = 0;
  for (const event of events) {
    const size = JSON.stringify(event.data).length;
    if (commit.length > 0 && (commit.length >= EVENTS_PER_COMMIT || chars + size > CHARS_PER_COMMIT)) {
      yield commit;
      commit = [];
      chars = 0;
    }
    commit.push(event);
    chars += size;
  }
  if (commit.length > 0) yield commit;
}
