import { Injectable } from '@nestjs/common';
import { type ExecuteReply, type RpcError, type UpstreamSettings } from '@signalbox/contracts';
import { ErrorCode, rpcError, type Inbound, type RpcOutcome } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { StoreUnavailableError } from '@signalbox/ports';
import { PayloadStore, Redactor } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';
import type { UpstreamServer } from '../connections/upstream-server.js';
import type { AttemptLog, Call, Outcome } from './attempt-log.js';
import { AttemptLogs } from './attempt-logs.js';
import { BackgroundAppends } from './background-appends.js';
import { failureOf, LOG_AWAY, UNRECORDED, type Failure } from './failure.js';
import { isTaken } from './is-taken.js';
import type { RunningRequest } from './running-request.js';
import { UpstreamSender } from './upstream-sender.js';

/** Characters of a message or reason that are written down. */
const MAX_TEXT = 10_000;

/** Runs tool calls, each claimed and written down (DESIGN section 2): claim and start, then the server, then the outcome, then the reply. */
@Injectable()
export class CallRunner {
  readonly #redactor: Redactor;
  readonly #payloads: PayloadStore;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly sender: UpstreamSender,
    private readonly background: BackgroundAppends,
    private readonly attempts: AttemptLogs,
  ) {
    this.#redactor = new Redactor(config.redaction);
    this.#payloads = new PayloadStore(context.ports.blobs, { inlineBytes: config.inlineBytes });
  }

  /** @returns nothing when the attempt is another's: claimed, or ended, before this executor could */
  async run(server: UpstreamServer, request: RunningRequest): Promise<ExecuteReply | undefined> {
    const call = request.command.call!;
    const attempt = this.attempts.open(call, request.command.traceparent);
    request.attempt = attempt;
    const isQueued = !request.redelivered && this.#isQueued(call, server.definition.settings);
    let startedAt: number | undefined;
    let isSent = false;
    const start = async () => {
      startedAt = performance.now();
      const waitedMs = Math.max(0, this.context.ports.clock.now() - call.requestedAt);
      await this.#write(attempt, attempt.started(server.name, waitedMs, isQueued, request.isHedge), isQueued);
      isSent = true;
    };
    let ending: { outcome: Outcome; reply: ExecuteReply };
    try {
      if (request.cancelled !== undefined) ending = this.#cancelled(request, request.cancelled, 0);
      else if (request.deadline <= this.context.ports.clock.now()) ending = this.#expired(request, 0);
      else {
        const outcome = await this.sender.send(server, request, start);
        ending = await this.#answered(server, call, outcome, since(startedAt));
      }
    } catch (error) {
      if (isTaken(error)) return undefined;
      const isLogAway = !isSent && error instanceof StoreUnavailableError;
      const failure = isLogAway ? LOG_AWAY : failureOf(error, server.name, call.safetyClass);
      ending = await this.#failed(request, failure, startedAt !== undefined, since(startedAt));
      // the call has waited for the log long enough
      if (isLogAway) return this.#end(attempt, ending, true);
    }
    if (request.race) {
      const faster = await request.race.overtaken(request, ending.reply.ok);
      if (faster) ending = this.#cancelled(request, 'another attempt answered first', since(startedAt), faster);
    }
    return this.#end(attempt, ending, isQueued && startedAt !== undefined);
  }

  /** Writes down the progress that a notification reports. */
  progressed({ attempt }: RunningRequest, { params }: Inbound): void {
    const progress = params?.['progress'];
    if (!attempt || typeof progress !== 'number') return;
    const total = params?.['total'];
    const message = params?.['message'];
    attempt.progressed({
      progress,
      ...(typeof total === 'number' ? { total } : {}),
      ...(typeof message === 'string' ? { message: this.#clean(message) } : {}),
    });
  }

  /** Calls that may be repeated without harm need not wait for the log, unless their tool is configured to. */
  #isQueued(call: Call, settings: UpstreamSettings): boolean {
    const wanted = settings.tools[call.tool]?.durability;
    if (call.safetyClass === 'read') return wanted !== 'ahead';
    return call.safetyClass === 'idempotent' && wanted === 'queued';
  }

  async #write(attempt: AttemptLog, append: Promise<unknown>, isQueued: boolean): Promise<void> {
    if (isQueued && this.background.size < this.config.maxQueuedAppends) this.background.add(append);
    else await attempt.inTime(append);
  }

  async #end(
    attempt: AttemptLog,
    { outcome, reply }: { outcome: Outcome; reply: ExecuteReply },
    isQueued: boolean,
  ): Promise<ExecuteReply | undefined> {
    const written = attempt.ended(outcome);
    try {
      await this.#write(attempt, written, isQueued);
      return reply;
    } catch (error) {
      if (isTaken(error)) return undefined;
      if (error instanceof StoreUnavailableError) {
        // it is kept until the log is back
        this.background.add(written);
        return refusal(UNRECORDED, false);
      }
      this.context.logger?.error({ err: error }, 'the outcome of a call could not be written');
      return refusal(
        rpcError(ErrorCode.InternalError, `the outcome could not be recorded: ${(error as Error).message}`),
        false,
      );
    }
  }

  async #answered(server: UpstreamServer, call: Call, answer: RpcOutcome, durationMs: number) {
    if ('error' in answer) {
      const error = await this.#recorded(answer.error);
      return {
        outcome: { kind: 'fail', error, retryable: false, durationMs } as const,
        reply: refusal(answer.error, false),
      };
    }
    const { result } = answer;
    const scope = { server: server.name, tool: call.tool, part: 'result' } as const;
    const stored = await this.#payloads.store(this.#redactor.redact(result, scope));
    const isError = (result as { isError?: unknown } | null)?.isError === true;
    return {
      outcome: { kind: 'complete', result: stored, isError, durationMs } as const,
      reply: { ok: true, result } as const,
    };
  }

  async #failed(request: RunningRequest, failure: Failure, wasStarted: boolean, durationMs: number) {
    if (failure.kind === 'cancelled') return this.#cancelled(request, failure.error.message, durationMs);
    if (failure.kind === 'expired') return this.#expired(request, durationMs);
    const reply = refusal(failure.error, failure.retryable);
    if (failure.kind === 'lost' && wasStarted && !failure.retryable) {
      return { outcome: { kind: 'lose', reason: this.#clean(failure.error.message), durationMs } as const, reply };
    }
    const error = await this.#recorded(failure.error);
    return { outcome: { kind: 'fail', error, retryable: failure.retryable, durationMs } as const, reply };
  }

  #cancelled(request: RunningRequest, message: string, durationMs: number, faster?: RunningRequest) {
    const reason = request.cancelled ?? message;
    const reply = refusal(rpcError(ErrorCode.ConnectionClosed, `cancelled: ${reason}`), false);
    const overtakenBy = faster?.command.call?.attempt;
    const overtaken = overtakenBy === undefined ? {} : { overtakenBy };
    return { outcome: { kind: 'cancel', reason: this.#clean(reason), ...overtaken, durationMs } as const, reply };
  }

  #expired(request: RunningRequest, durationMs: number) {
    const { deadline } = request.command;
    const error = rpcError(ErrorCode.RequestTimeout, `the deadline passed before "${request.command.server}" answered`);
    const outcome = { kind: 'expire', deadline: new Date(deadline).toISOString(), durationMs } as const;
    return { outcome, reply: refusal(error, false) };
  }

  /** Text as it goes into the log: without secrets, and not so long that the outcome would not fit. */
  #clean(text: string): string {
    return this.#redactor.redact(text.slice(0, MAX_TEXT)) as string;
  }

  /** An error as it goes into the log. */
  async #recorded(error: RpcError): Promise<RpcError> {
    const data = error.data === undefined ? undefined : await this.#payloads.store(this.#redactor.redact(error.data));
    return rpcError(error.code, this.#clean(error.message), data);
  }
}

function refusal(error: RpcError, retryable: boolean): ExecuteReply {
  return { ok: false, error, retryable };
}

/** Milliseconds with at most three decimals. */
function since(startedAt: number | undefined): number {
  return startedAt === undefined ? 0 : Math.round((performance.now() - startedAt) * 1000) / 1000;
}
