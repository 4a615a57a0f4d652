import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { executeQueue, traceFields, type ExecuteCommand, type ExecuteReply } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer, Delivery, Settlement, Tracer } from '@signalbox/ports';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { Redelivery } from '../recover-calls/redelivery.js';
import type { UpstreamServer } from '../connections/upstream-server.js';
import { UpstreamServers } from '../connections/upstream-servers.js';
import { CallRunner } from './call-runner.js';
import { Hedging } from './hedging.js';
import { MessageRelay } from './message-relay.js';
import { RequestForwarder } from './request-forwarder.js';
import { RunningRequest } from './running-request.js';
import { RunningRequests } from './running-requests.js';

/** At most what is kept back of a deadline, so that the outcome is written and the reply arrives before the sender gives up. */
const HOP_MS = 100;
/** Of a short deadline, only this share. */
const HOP_SHARE = 0.25;
/** What cancelled calls get to write their outcome when the service stops. */
const LAST_WORDS_MS = 1_000;

/** What a command can lead to; one provider, so that the consumer's constructor stays short. */
@Injectable()
export class Executors {
  constructor(
    readonly hedging: Hedging,
    readonly calls: CallRunner,
    readonly forwarder: RequestForwarder,
    readonly relay: MessageRelay,
    readonly redelivery: Redelivery,
  ) {}
}

/** Takes commands from the servers' work queues. Straight on the bus: this is the hot path. */
@Injectable()
export class ExecuteConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #tracer: Tracer;
  readonly #system: string | undefined;
  readonly #consumers = new Map<string, Consumer>();

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly servers: UpstreamServers,
    private readonly running: RunningRequests,
    private readonly executors: Executors,
  ) {
    this.#system = context.ports.bus.system;
    this.#tracer = context.ports.telemetry.tracer(context.service, context.instanceId);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.servers.listen({
      added: async (name) => void this.#consumers.set(name, await this.#consume(name)),
      removed: async (name) => {
        await this.#consumers.get(name)?.cancel();
        this.#consumers.delete(name);
      },
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.cancel()));
    if (await this.running.drained(this.config.drainMs)) return;
    for (const request of this.running.all()) request.cancel('the executor stops');
    await this.running.drained(LAST_WORDS_MS);
  }

  #consume(name: string): Promise<Consumer> {
    // the log has the request: what a broker loses of these is sent again
    const queue = { name: executeQueue(name), prefetch: this.config.capacityPerServer, transient: true };
    return this.context.ports.bus.consume(queue, (delivery) => {
      // another one may have taken its place; one that was removed meanwhile is for another executor, or for nobody
      const server = this.servers.route(name, (delivery.body as ExecuteCommand).call?.tool);
      return server ? this.#handle(server, delivery) : 'retry';
    });
  }

  async #handle(server: UpstreamServer, delivery: Delivery): Promise<Settlement> {
    const command = delivery.body as ExecuteCommand;
    const { hedging, forwarder, relay } = this.executors;
    const request = this.#requestOf(server, delivery, command);
    // what the first delivery runs stays in the list: it is the one to be cancelled
    if (command.call && this.running.get(command.requestId)) return this.#recover(server, delivery, request);
    this.running.add(request);
    try {
      if (!command.call) answer(delivery, request, await forwarder.forward(server, request));
      else {
        hedging.budget.earn();
        const isNew = delivery.attempt === 1;
        const reply = isNew ? await hedging.run(server, request) : undefined;
        if (reply) answer(delivery, request, reply);
        else return await this.#recover(server, delivery, request);
      }
    } catch (error) {
      const fields = { requestId: command.requestId, ...traceFields(request.span.traceparent) };
      this.context.logger?.error({ err: error, ...fields }, 'a request failed in an unforeseen way');
      answer(delivery, request, internalError(error));
    } finally {
      request.taker?.done();
      this.running.delete(request);
      relay.close(request);
      request.span.end();
    }
    return 'ack';
  }

  /** Answers a command that was, or is, in the hands of another delivery; runs it where that may be done. */
  async #recover(server: UpstreamServer, delivery: Delivery, first: RunningRequest): Promise<Settlement> {
    const { calls, redelivery, relay } = this.executors;
    const { command } = first;
    let own = first;
    try {
      const reply = await redelivery.resolve({
        command,
        isRunningHere: () => (this.running.get(command.requestId) ?? own) !== own,
        isCancelled: () => own.cancelled !== undefined,
        run: async (attempt) => {
          const again = { ...command, call: { ...command.call!, attempt } };
          const request = this.#requestOf(server, delivery, again);
          request.redelivered = true;
          request.cancelled = own.cancelled;
          own = request;
          this.running.add(own);
          return calls.run(server, own);
        },
      });
      if (reply) answer(delivery, own, reply);
    } catch (error) {
      const fields = { requestId: command.requestId, ...traceFields(own.span.traceparent) };
      this.context.logger?.error({ err: error, ...fields }, 'a redelivered call is held up');
      // its claim and its events are as they were: the next delivery finds them
      return 'retry';
    } finally {
      this.running.delete(own);
      relay.close(own);
      own.span.end();
      first.span.end();
    }
    return 'ack';
  }

  #requestOf(server: UpstreamServer, delivery: Delivery, command: ExecuteCommand): RunningRequest {
    const now = this.context.ports.clock.now();
    const hop = Math.min(HOP_MS, (command.deadline - now) * HOP_SHARE);
    // that of a task is for whoever made it one to say
    const longest = command.call?.task?.hasOwnDeadline ? Infinity : now + server.definition.settings.deadlineMs;
    const deadline = Math.min(command.deadline - hop, longest);
    const { relay } = this.executors;
    const span = this.#tracer.startSpan(`process ${delivery.queue}`, {
      kind: 'consumer',
      parent: command.traceparent,
      attributes: this.#tracer.records(command.traceparent)
        ? {
            'messaging.operation.name': 'process',
            'messaging.operation.type': 'process',
            'messaging.destination.name': delivery.queue,
            'messaging.message.id': delivery.id,
            ...(this.#system === undefined ? {} : { 'messaging.system': this.#system }),
            'mcp.method.name': command.method,
            'signalbox.server': server.name,
            'signalbox.delivery.attempt': delivery.attempt,
          }
        : undefined,
    });
    const traced = { ...command, traceparent: span.traceparent };
    const relayTo: ConstructorParameters<typeof RunningRequest>[3] = (from, connection, message) =>
      relay.relay(from.taker?.delivery ?? delivery, from, connection, message);
    return new RunningRequest(traced, deadline, now, relayTo, span);
  }
}

function answer(delivery: Delivery, { span, taker }: RunningRequest, reply: ExecuteReply): void {
  if (!reply.ok) {
    span.setAttribute('error.type', String(reply.error.code));
    span.fail(reply.error.message);
  }
  delivery.reply(reply);
  if (!taker) return;
  taker.delivery.reply(reply);
  taker.done();
}

function internalError(error: unknown): ExecuteReply {
  return { ok: false, error: rpcError(ErrorCode.InternalError, (error as Error).message), retryable: false };
}
