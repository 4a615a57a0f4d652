/** So many are remembered; the oldest are forgotten first. A message that is later than that has missed its deadline. */
const MAX_REMEMBERED = 10_000;

/** Client sessions that are over: a request of theirs that comes late must not open a session with its server that nobody would end. */
export class EndedSessions {
  readonly #ended = new Set<string>();

  add(sessionId: string): void {
    this.#ended.add(sessionId);
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(this.#ended.values().next().value!);
  }

  has(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }
}
