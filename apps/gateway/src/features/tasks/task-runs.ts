import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { EXECUTOR_CONTROL, gatewayInbox, newId, type ExecutorControl, type TaskSupport } from '@signalbox/contracts';
import {
  ErrorCode,
  isOfStatelessEra,
  rpcError,
  type MethodHandler,
  type McpRequest,
  type Outcome,
  type Params,
} from '@signalbox/mcp';
import { InjectBus, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Consumer, MessageBus } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { GatewayCode, rpcErrorOf } from '../../errors.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { PrincipalSlots } from '../../principal-slots.js';
import { Catalogue } from '../catalogue/catalogue.js';
import type { ToolEntry } from '../catalogue/catalogue-view.js';
import { TaskChannel } from './task-channel.js';
import { hashOfSecret, newTaskId, writeTaskId } from './task-id.js';
import { TaskLog } from './task-log.js';
import { newTask } from './task-shape.js';
import { missingTasks, takesTasks, withoutTasks } from './tasks-capability.js';

type Request = McpRequest<Caller>;

/** What an answer that asks for input has to come from the executor at most. */
const PASSING_MS = 2_000;

interface Run {
  readonly channel: TaskChannel;
  /** How long it may be answered like any other call; 0 when it is a task from the start. */
  readonly patienceMs: number;
  /** Resolves when it is a task earlier than that. */
  readonly escalated: Promise<void>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly outcome: Promise<Outcome>;
  /** Set when the outcome is there. */
  ended: Outcome | undefined;
}

/** Runs tool calls that are, or become, tasks: each is an ordinary call of the log, for which nobody waits. */
@Injectable()
export class TaskRuns implements OnModuleInit, BeforeApplicationShutdown {
  readonly #slots: PrincipalSlots;
  readonly #running = new Map<string, TaskChannel>();
  #consumer: Consumer | undefined;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly log: TaskLog,
    @InjectBus() private readonly bus: MessageBus,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#slots = new PrincipalSlots(config.tasks);
  }

  get size(): number {
    return this.#slots.size;
  }

  async onModuleInit(): Promise<void> {
    const name = `${gatewayInbox(this.context.instanceId)}.tasks`;
    this.#consumer = await this.bus.consume({ name, topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
      const control = body as ExecutorControl;
      // for a call that no executor has yet
      if (control.kind === 'cancel') this.#running.get(control.requestId)?.cancel(control.reason);
      return 'ack';
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#consumer?.cancel();
  }

  /** Middleware of `tools/call`. */
  readonly handle = (request: Request, next: MethodHandler<Caller>): Outcome | Promise<Outcome> => {
    const { caller, params } = request;
    const name = params?.['name'];
    const takes = takesTasks(caller);
    if (!takes && !isOfStatelessEra(caller.client.protocolVersion)) return next(request);
    const entry = typeof name === 'string' ? this.catalogue.view(caller.scope).tool(name) : undefined;
    const support = entry?.taskSupport ?? 'forbidden';
    if (!takes) return support === 'required' ? { error: missingTasks(`Tool "${String(name)}"`) } : next(request);
    const own = { ...request, caller: withoutTasks(caller) };
    return support === 'forbidden' ? next(own) : this.#run(own, entry!, support, next);
  };

  async #run(request: Request, entry: ToolEntry, support: TaskSupport, next: MethodHandler<Caller>): Promise<Outcome> {
    const { principal } = request.caller.client;
    const release = this.#slots.take(principal);
    if (!release) {
      if (support !== 'required') return next(request);
      return {
        error: rpcError(GatewayCode.Overloaded, 'As many tasks run as may; try again later', { retryable: true }),
      };
    }
    const run = this.#start(request, entry, support, next);
    run.outcome.then(release, release);
    if (await this.#staysWithClient(run, support)) return run.outcome;
    return this.#becomeTask(run, request, entry);
  }

  #start(request: Request, entry: ToolEntry, support: TaskSupport, next: MethodHandler<Caller>): Run {
    const { caller, channel: client, params } = request;
    const { deadlineMs, ttlMs } = this.config.tasks;
    const mayAsk = isOfStatelessEra(this.catalogue.server(entry.server)?.protocolVersion);
    const patienceMs = this.#patience(support, mayAsk);
    const now = this.context.ports.clock.now();
    let escalate!: () => void;
    const escalated = new Promise<void>((resolve) => (escalate = resolve));
    let callId = '';
    const channel = new TaskChannel(client, {
      capabilities: caller.client.capabilities ?? {},
      taskAtQuestion: mayAsk,
      onDetached: escalate,
      onQuestion: (key, method, asked, { inbox, id: question }) =>
        this.#note(callId, this.log.inputRequested({ callId, key, method, params: asked, inbox, question })),
      onWithdrawn: (key) => this.#note(callId, this.log.inputClosed(callId, key, 'withdrawn')),
    });
    void channel.recorded.then((id) => {
      callId = id;
      this.#running.set(id, channel);
    });
    if (patienceMs === 0) channel.detach();
    // what is to be a task has its own time; what may become one has that of its server
    const ownMs = support === 'auto' ? undefined : Math.min(deadlineMs, ttlMs);
    const passInputUntil = now + patienceMs - Math.min(PASSING_MS, patienceMs / 2);
    const task = { deadlineMs: ownMs, passInputUntil, recordsQuestions: patienceMs === 0 };
    const own = { ...request, caller: { ...caller, task }, channel, params: withProgress(params!) };
    const outcome = Promise.resolve(next(own));
    const deadline = now + (ownMs ?? entry.deadlineMs);
    const run: Run = { channel, patienceMs, escalated, deadline, outcome, ended: undefined };
    const ended = (value: Outcome | undefined): void => {
      run.ended = value;
      this.#running.delete(callId);
    };
    outcome.then(ended, () => ended(undefined));
    return run;
  }

  /** @param mayAsk whether the server is of 2026-07-28: it asks for input by its answer, which is not to be the result of a task */
  #patience(support: TaskSupport, mayAsk: boolean): number {
    const { afterMs, inputWaitMs } = this.config.tasks;
    if (support === 'auto') return afterMs;
    return mayAsk ? inputWaitMs : 0;
  }

  /** Waits whether a call can be answered like any other. @returns false when it is to be a task */
  async #staysWithClient(run: Run, support: TaskSupport): Promise<boolean> {
    const { channel, patienceMs, escalated, outcome } = run;
    if (patienceMs === 0) return false;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
    await Promise.race([outcome, escalated, waited]).finally(() => clearTimeout(timer));
    if (channel.isTask) return false;
    if (channel.cancelled || channel.asked) return true;
    if (run.ended && (support !== 'required' || asksForInput(run.ended))) return true;
    channel.detach();
    return false;
  }

  async #becomeTask(run: Run, { caller }: Request, { server, name: tool }: ToolEntry): Promise<Outcome> {
    // without its record there is nothing to come back to
    const callId = await Promise.race([run.channel.recorded, run.outcome.then(() => undefined)]);
    if (callId === undefined) return run.outcome;
    const id = newTaskId(callId);
    const { ttlMs, pollIntervalMs } = this.config.tasks;
    const deadline = new Date(run.deadline).toISOString();
    const { principal } = caller.client;
    const secretHash = hashOfSecret(id.secret);
    try {
      const data = { callId, secretHash, principal, server, tool, deadline, ttlMs, pollIntervalMs };
      const createdAt = await this.log.created(data);
      this.#questionsAreRecorded(callId);
      this.#note(callId, this.#noteFailure(callId, run.outcome));
      return { result: newTask(writeTaskId(id), createdAt, { ttlMs, pollIntervalMs }) };
    } catch (cause) {
      run.channel.cancel('the task could not be recorded');
      return { error: rpcErrorOf(cause, server, (err) => this.context.logger?.error({ err, callId }, 'a new task')) };
    }
  }

  /** From now on the executor writes down what the server asks: nobody need be here. */
  #questionsAreRecorded(requestId: string): void {
    const body: ExecutorControl = { kind: 'record-questions', requestId };
    // an executor that does not hear of it goes on asking here
    this.bus.publish({ id: newId(), type: EXECUTOR_CONTROL, body }, { persistent: false }).catch(() => undefined);
  }

  /** Sees to it that a task ends whose call did not get into the log; all others have, or get, an outcome there. */
  async #noteFailure(callId: string, outcome: Promise<Outcome>): Promise<void> {
    const failure = await outcome.then(
      (value) => ('error' in value ? value.error : undefined),
      (error: Error) => rpcError(ErrorCode.InternalError, error.message),
    );
    if (!failure) return;
    const { task } = await this.log.read(callId);
    if (!task.answer.requested) await this.log.failed(callId, failure);
  }

  #note(callId: string, append: Promise<void>): void {
    append.catch((err: unknown) =>
      this.context.logger?.error({ err, callId }, 'what became of a task is not in the log'),
    );
  }
}

/** Asks for progress also where the client has not: it is what a task says of itself meanwhile. */
function withProgress(params: Params): Params {
  const meta = params['_meta'] as Readonly<Record<string, unknown>> | null | undefined;
  return meta?.['progressToken'] === undefined ? { ...params, _meta: { ...meta, progressToken: 'task' } } : params;
}

function asksForInput(outcome: Outcome): boolean {
  return 'result' in outcome && (outcome.result as { resultType?: unknown } | null)?.resultType === 'input_required';
}
