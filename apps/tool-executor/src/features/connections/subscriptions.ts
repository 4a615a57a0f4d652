import type { ClientContext } from '@signalbox/contracts';

/** Updates of one resource that come so close together are one: each process of a server reports for itself. */
const SAME_UPDATE_MS = 50;

/** Which client sessions want to hear of changes to which resources of one server. */
export class Subscriptions {
  readonly #sessions = new Map<string, { client: ClientContext; uris: Set<string> }>();
  readonly #toldAt = new Map<string, number>();

  /** True when nobody else had subscribed to it. */
  add(client: ClientContext, sessionId: string, uri: string): boolean {
    const isFirst = this.#count(uri) === 0;
    const session = this.#sessions.get(sessionId) ?? { client, uris: new Set<string>() };
    session.uris.add(uri);
    this.#sessions.set(sessionId, session);
    return isFirst;
  }

  /** True when nobody is left who wants to hear of it. */
  remove(sessionId: string, uri: string): boolean {
    const session = this.#sessions.get(sessionId);
    if (!session?.uris.delete(uri)) return false;
    if (session.uris.size === 0) this.#sessions.delete(sessionId);
    return this.#count(uri) === 0;
  }

  /** @returns the resources that nobody wants to hear of any more */
  removeSession(sessionId: string): string[] {
    const session = this.#sessions.get(sessionId);
    if (!session) return [];
    this.#sessions.delete(sessionId);
    return [...session.uris].filter((uri) => this.#count(uri) === 0);
  }

  /** All resources that anybody subscribed to, or those of one session. */
  uris(sessionId?: string): string[] {
    if (sessionId !== undefined) return [...(this.#sessions.get(sessionId)?.uris ?? [])];
    return [...new Set([...this.#sessions.values()].flatMap(({ uris }) => [...uris]))];
  }

  clientOf(sessionId: string): ClientContext | undefined {
    return this.#sessions.get(sessionId)?.client;
  }

  /** Any client that has subscribed to something. */
  someClient(): ClientContext | undefined {
    return this.#sessions.values().next().value?.client;
  }

  /** Whom to tell of an update; nobody when they have just been told. */
  subscribers(uri: string, now: number): ClientContext[] {
    const told = this.#toldAt.get(uri);
    if (told !== undefined && now - told < SAME_UPDATE_MS) return [];
    const clients = [...this.#sessions.values()].filter(({ uris }) => uris.has(uri)).map(({ client }) => client);
    if (clients.length > 0) this.#toldAt.set(uri, now);
    else this.#toldAt.delete(uri);
    return clients;
  }

  #count(uri: string): number {
    let count = 0;
    for (const { uris } of this.#sessions.values()) if (uris.has(uri)) count++;
    return count;
  }
}
