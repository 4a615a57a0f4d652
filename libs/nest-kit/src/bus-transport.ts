import { Server, type CustomTransportStrategy, type MessageHandler as NestHandler } from '@nestjs/microservices';
import type { Consumer, Delivery, MessageBus, QueueSpec, Settlement, Tracer } from '@signalbox/ports';
import { failSpan } from '@signalbox/runtime';
import { isObservable, lastValueFrom } from 'rxjs';
import { deliveryIn, startDeliverySpan } from './tracing/delivery-span.js';

/** What may be given as extras: `@EventPattern('resource.*', { queue: 'audit', exclusive: true })`. */
export interface BusPatternOptions extends Omit<QueueSpec, 'name' | 'topics'> {
  /** Default: `<service>.<pattern>`. Handlers of one queue compete. */
  readonly queue?: string;
}

/**
 * Runs `@EventPattern` and `@MessagePattern` methods on our message bus. Unlike Nest's stock transports it settles a
 * message by what its handler came to: a value of {@link Settlement} counts as that, anything else as `ack`, an error as retry.
 */
export class BusTransport extends Server implements CustomTransportStrategy {
  readonly #consumers: Consumer[] = [];

  constructor(
    private readonly bus: MessageBus,
    private readonly service: string,
    private readonly tracer: Tracer,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.#consumeAll().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.cancel()));
  }

  override on(): void {
    throw new Error('the bus transport has no events of its own');
  }

  override unwrap<T>(): T {
    return this.bus as T;
  }

  async #consumeAll(): Promise<void> {
    for (const [pattern, handler] of this.messageHandlers) {
      const { queue = `${this.service}.${pattern}`, ...options } = (handler.extras ?? {}) as BusPatternOptions;
      const topics = handler.isEventHandler ? { topics: [pattern] } : {};
      const spec: QueueSpec = { ...options, name: queue, ...topics };
      this.#consumers.push(await this.bus.consume(spec, (delivery) => this.#handle(handler, delivery)));
    }
  }

  async #handle(handler: NestHandler, delivery: Delivery): Promise<Settlement> {
    const span = startDeliverySpan(this.tracer, this.bus, delivery);
    if (!span) return this.#settle(handler, delivery);
    try {
      return await this.#settle(handler, deliveryIn(span, delivery));
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  async #settle(handler: NestHandler, delivery: Delivery): Promise<Settlement> {
    const returned: unknown = await handler(delivery.body, delivery);
    const value = isObservable(returned) ? await lastValueFrom(returned, { defaultValue: undefined }) : returned;
    if (handler.isEventHandler) return isSettlement(value) ? value : 'ack';
    delivery.reply(value);
    return 'ack';
  }
}

function isSettlement(value: unknown): value is Settlement {
  return value === 'ack' || value === 'retry' || (typeof value === 'object' && value !== null && 'park' in value);
}
