import { createEvent, newId, type EventData, type NewEvent } from '@signalbox/contracts';
import type { EventLog, Redactor } from '@signalbox/runtime';

type Of<T extends Parameters<typeof createEvent>[0]> = Omit<EventData<T>, 'server' | 'executor' | 'instance'>;

/** Characters of a reason that are written down. */
const MAX_REASON = 1_000;

/** What the log is told of the instances of one server, in a stream of their own. Never rejects: no call waits for it. */
export class InstanceLog {
  #appended: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly server: string,
    private readonly executor: string,
    private readonly log: EventLog,
    private readonly redactor: Redactor,
    private readonly warn: (text: string) => void,
  ) {}

  stateChanged(url: string, data: Of<'server.instance.state_changed'>): void {
    this.#append(createEvent('server.instance.state_changed', { ...this.#of(url), ...this.#clean(data) }));
  }

  breakerChanged(url: string, data: Of<'server.instance.breaker_changed'>): void {
    this.#append(createEvent('server.instance.breaker_changed', { ...this.#of(url), ...this.#clean(data) }));
  }

  ejected(url: string, data: Of<'server.instance.ejected'>): void {
    this.#append(createEvent('server.instance.ejected', { ...this.#of(url), ...this.#clean(data) }));
  }

  #of(url: string): { server: string; executor: string; instance: string } {
    return { server: this.server, executor: this.executor, instance: shownInstance(url) };
  }

  #clean<D extends { readonly reason: string }>(data: D): D {
    return { ...data, reason: this.redactor.redact(data.reason.slice(0, MAX_REASON)) as string };
  }

  #append(event: NewEvent): void {
    this.#appended = this.#appended.then(async () => {
      const commitId = `${this.executor}.${newId()}`;
      const stream = `upstream-instances-${this.server}`;
      const metadata = { correlationId: commitId };
      await this.log
        .append({ stream, expectedVersion: 'any', events: [event], commitId, metadata })
        .catch((error: Error) => this.warn(`what became of an instance could not be logged: ${error.message}`));
    });
  }
}

/** A URL as it may be shown: without user, password and query. */
export function shownInstance(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
