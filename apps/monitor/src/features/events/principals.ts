import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { InjectEventStore } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';

const REMEMBERED = 10_000;

/**
 * On whose behalf an event happened: the principal that its data names (`tool.call.requested`, `session.opened`), or else
 * the one of the call that it belongs to. Not the service instance that appended it: that is the CloudEvent's `source`.
 */
@Injectable()
export class Principals {
  readonly #ofCall = new Map<string, string>();

  constructor(@InjectEventStore() private readonly events: EventStore) {}

  async of(event: RecordedEvent): Promise<string | undefined> {
    const named = (event.data as { principal?: unknown }).principal;
    if (typeof named === 'string') {
      if (event.type === 'tool.call.requested') this.#remember(event.correlationId, named);
      return named;
    }
    if (!event.type.startsWith('tool.call.')) return undefined;
    const known = this.#ofCall.get(event.correlationId);
    if (known !== undefined) return known;
    const page = await this.events.find({ correlationId: event.correlationId, type: 'tool.call.requested', limit: 1 });
    const requested = page.items[0]?.event;
    if (requested?.type !== 'tool.call.requested') return undefined;
    this.#remember(event.correlationId, requested.data.principal);
    return requested.data.principal;
  }

  #remember(callId: string, principal: string): void {
    if (this.#ofCall.size >= REMEMBERED) this.#ofCall.delete(this.#ofCall.keys().next().value!);
    this.#ofCall.set(callId, principal);
  }
}
