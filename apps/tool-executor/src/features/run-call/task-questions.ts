import { Injectable } from '@nestjs/common';
import { createEvent, executorInbox, pinnedStream, type NewEvent } from '@signalbox/contracts';
import { ErrorCode, refusalOf, rpcError, type Inbound } from '@signalbox/mcp';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { PayloadStore, Redactor, type EventLog } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import { ReverseRequests, type Responder } from '../connections/reverse-requests.js';
import { BackgroundAppends } from './background-appends.js';
import type { RunningRequest } from './running-request.js';

const CANCELLED = 'notifications/cancelled';

/**
 * Keeps in the log what servers ask in the course of tasks, for whoever comes for the task: no gateway needs to be there.
 * The answer comes to this executor's queue, as that to any question.
 */
@Injectable()
export class TaskQuestions {
  /** Where answers to questions of any kind come to. */
  readonly inbox: string;
  readonly #redactor: Redactor;
  readonly #payloads: PayloadStore;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    @InjectEventLog() private readonly log: EventLog,
    private readonly reverse: ReverseRequests,
    private readonly background: BackgroundAppends,
  ) {
    this.inbox = executorInbox(context.instanceId);
    this.#redactor = new Redactor(config.redaction);
    this.#payloads = new PayloadStore(context.ports.blobs, { inlineBytes: config.inlineBytes });
  }

  /** @returns whether the message was one that nobody has to be there for */
  take(request: RunningRequest, from: Responder, message: Inbound): boolean {
    if (!request.command.call?.task?.recordsQuestions && !request.isTaskNow) return false;
    if ('id' in message) this.#asked(request, from, message);
    else if (message.method !== CANCELLED) return false;
    else return this.#withdrawn(request, from, message.params?.['requestId']);
    return true;
  }

  #asked(request: RunningRequest, from: Responder, message: Extract<Inbound, { id: unknown }>): void {
    const { command } = request;
    const { id, method, params } = message;
    if (method === 'ping') return from.respond(id, { result: {} });
    const refusal = refusalOf(method, params, command.client.capabilities ?? {});
    if (refusal) return from.respond(id, { error: refusal });
    const question = this.reverse.open(from, id, command.requestId, this.config.maxReverseRequests, {
      method,
      params,
    });
    if (question === undefined) return;
    (request.recorded ??= new Set()).add(question);
    const { callId, attempt } = command.call!;
    const append = async (): Promise<void> => {
      const stored = params === undefined ? {} : { params: await this.#payloads.store(this.#redactor.redact(params)) };
      const asked = { callId, key: keyOf(attempt, question), method, ...stored, inbox: this.inbox, question };
      await this.#append(callId, createEvent('task.input_requested', asked), `${attempt}.${question}.asked`);
    };
    this.background.add(
      append().catch((error: unknown) => {
        // what nobody hears of, nobody answers
        this.reverse.answer(question, { error: rpcError(ErrorCode.InternalError, 'the client cannot be asked now') });
        throw error;
      }),
    );
  }

  /** @returns false for a question of before it was a task, which its gateway wrote down */
  #withdrawn(request: RunningRequest, from: Responder, upstreamId: unknown): boolean {
    const { command } = request;
    const question = this.reverse.find(from, upstreamId, command.requestId);
    if (question === undefined) return true;
    if (!request.recorded?.has(question)) return false;
    this.reverse.withdraw(from, upstreamId, command.requestId);
    const { callId, attempt } = command.call!;
    const closed = { callId, key: keyOf(attempt, question), reason: 'withdrawn' } as const;
    const append = this.#append(callId, createEvent('task.input_closed', closed), `${attempt}.${question}.withdrawn`);
    this.background.add(append);
    return true;
  }

  async #append(callId: string, event: NewEvent, what: string): Promise<void> {
    await this.log.append({
      stream: pinnedStream('task', this.context.instanceId, callId),
      expectedVersion: 'any',
      events: [event],
      commitId: `${callId}.task.${what}`,
      metadata: { correlationId: callId, causationId: `${callId}.requested` },
    });
  }
}

/** Unique in the task: executors count their questions from the start of the process, which a second run of an attempt does not share. */
function keyOf(attempt: number, question: string): string {
  return `input-${attempt}-${question}`;
}
