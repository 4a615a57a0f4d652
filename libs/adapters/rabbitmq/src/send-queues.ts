import type { BrokerConnection } from './broker-connection.js';
import type { QueueStatus } from './queue-status.js';
import { declareQueue, type QueueDeclaration, type Topology } from './topology.js';

/** Queues that are remembered; names are few, so only a mistake gets there. */
const MAX_REMEMBERED = 10_000;

/** Sees to it that the queues that are sent to exist: one that nobody consumes yet is made as a work queue. */
export class SendQueues {
  private readonly known = new Map<string, Promise<void> | true>();
  private readonly made = new Map<string, QueueDeclaration>();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly status: QueueStatus,
    private readonly topology: Topology,
  ) {
    connection.onDown(() => this.known.clear());
  }

  /** Undefined when the queue is there. Those who wait for one promise go on in the order in which they came. */
  ensure(queue: string, timeoutMs: number): Promise<void> | undefined {
    const known = this.known.get(queue);
    if (known === true) return undefined;
    if (known) return known;
    if (this.known.size >= MAX_REMEMBERED) this.known.clear();
    const ensured = this.make(queue, timeoutMs);
    this.known.set(queue, ensured);
    ensured.then(
      // not before those who wait have gone on
      () => setImmediate(() => this.known.get(queue) === ensured && this.known.set(queue, true)),
      () => this.known.delete(queue),
    );
    return ensured;
  }

  forget(queue: string): void {
    this.known.delete(queue);
    this.status.forget(this.topology.queueName(queue));
  }

  declared(): QueueDeclaration[] {
    return [...this.made.values()];
  }

  private async make(queue: string, timeoutMs: number): Promise<void> {
    const declaration = this.topology.queue({ name: queue });
    await this.connection.use(timeoutMs, async (model) => {
      if ((await this.status.check(declaration.name)) !== undefined) return;
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
      await declareQueue(channel, declaration);
      await channel.close();
      this.made.set(queue, declaration);
    });
  }
}
