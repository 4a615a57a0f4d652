import {
  createEvent,
  instanceCommands,
  newId,
  type ConfigUpdate,
  type InstanceCommandMessage,
  type NewEvent,
} from '@signalbox/contracts';
import { VersionConflictError, type Consumer } from '@signalbox/ports';
import type { EventLog } from '@signalbox/runtime';
import type { ServiceContext } from '../service-context.js';

type Outcome =
  | { readonly done: { readonly config: ConfigUpdate } }
  | { readonly failed: string }
  /** Whoever hears of the next run says that it is done. */
  | { readonly restarting: true };

/**
 * Does what the leader tells this instance: to start again, or to read its configuration anew. Each command is taken once: before
 * anything is done the log must take the event that says so, under the version that the command has in its stream.
 */
export class InstanceCommands {
  #consumer: Consumer | undefined;
  #highestTerm = 0;

  constructor(
    private readonly context: ServiceContext,
    private readonly run: string,
    private readonly log: EventLog,
  ) {}

  async start(): Promise<void> {
    const { instanceId, ports } = this.context;
    // of this run: the queue of one before that is not quite dead yet must not keep this one from its start
    const name = `mcp.instance.${instanceId}.${this.run}`;
    const queue = { name, topics: [instanceCommands(instanceId)], exclusive: true, transient: true, prefetch: 1 };
    this.#consumer = await ports.bus.consume(queue, ({ body }) => this.#handle(body as InstanceCommandMessage));
  }

  async stop(): Promise<void> {
    await this.#consumer?.cancel();
  }

  async #handle(message: InstanceCommandMessage): Promise<void> {
    const refused = await this.#take(message);
    // not within the delivery: a restart waits until all deliveries are settled
    if (refused === undefined) setImmediate(() => void this.#carryOut(message));
    else this.context.logger?.info({ commandId: message.commandId, reason: refused }, 'a command is not taken');
  }

  /** @returns why this instance does not do it */
  async #take({ commandId, instanceId, version, term, deadline }: InstanceCommandMessage): Promise<string | undefined> {
    if (term < this.#highestTerm) return `the leader of term ${term} has been followed by that of ${this.#highestTerm}`;
    this.#highestTerm = term;
    if (Date.parse(deadline) <= this.context.ports.clock.now()) return 'its deadline has passed';
    try {
      const accepted = createEvent('instance.command.accepted', { commandId, instanceId, run: this.run });
      await this.#append(commandId, instanceId, version, accepted);
      return undefined;
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      return 'it was taken before, or has failed';
    }
  }

  async #carryOut({ commandId, instanceId, command, version, who, why }: InstanceCommandMessage): Promise<void> {
    const { logger } = this.context;
    logger?.info({ commandId, command, who, why }, 'commanded by the leader');
    try {
      const outcome = command === 'restart' ? this.#restart() : await this.#updateConfig();
      if ('restarting' in outcome) return;
      const event =
        'done' in outcome
          ? createEvent('instance.command.completed', { commandId, instanceId, ...outcome.done })
          : createEvent('instance.command.failed', { commandId, instanceId, reason: outcome.failed });
      await this.#append(commandId, instanceId, version + 1, event);
    } catch (error) {
      // the leader ends it at the deadline
      logger?.error({ err: error, commandId, command }, 'what came of a command could not be recorded');
    }
  }

  #restart(): Outcome {
    const { restart, service } = this.context;
    if (restart === undefined) return { failed: `nothing starts the ${service} again here` };
    restart();
    return { restarting: true };
  }

  async #updateConfig(): Promise<Outcome> {
    const { live } = this.context.config;
    if (live?.reload === undefined) return { failed: 'the configuration of this process is read at its start only' };
    try {
      return { done: { config: await live.reload() } };
    } catch (error) {
      return { failed: `the configuration could not be read: ${(error as Error).message}` };
    }
  }

  async #append(correlationId: string, instanceId: string, expectedVersion: number, event: NewEvent): Promise<void> {
    // each try is a commit of its own: one that is known already would count as written
    const commitId = newId();
    const stream = `commands-${instanceId}`;
    await this.log.append({ stream, expectedVersion, events: [event], commitId, metadata: { correlationId } });
  }
}
