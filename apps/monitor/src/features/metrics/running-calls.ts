/** Remembers the server of each call that runs; forgets the oldest when there are too many. */
export class RunningCalls {
  readonly #servers = new Map<string, string>();

  constructor(private readonly max: number) {}

  start(callId: string, server: string): void {
    if (this.#servers.size >= this.max && !this.#servers.has(callId)) {
      this.#servers.delete(this.#servers.keys().next().value!);
    }
    this.#servers.set(callId, server);
  }

  has(callId: string): boolean {
    return this.#servers.has(callId);
  }

  /** The server of a call that has ended, or undefined when its start was not seen. */
  end(callId: string): string | undefined {
    const server = this.#servers.get(callId);
    this.#servers.delete(callId);
    return server;
  }
}
