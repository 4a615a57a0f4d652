import { Injectable } from '@nestjs/common';
import { taskState } from '@signalbox/domain/task';
import { ErrorCode, isOfStatelessEra, MethodRouter, rpcError, type McpRequest, type Outcome } from '@signalbox/mcp';
import { InjectBus, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { MessageBus } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import { rpcErrorOf } from '../../errors.js';
import { sendAnswer } from '../forward/relay-part.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { isAnswerTo } from '../parked/input-response.js';
import { TaskFinder, type FoundTask } from './task-finder.js';
import { TaskLog } from './task-log.js';
import { missingTasks, takesTasks } from './tasks-capability.js';

const DONE: Outcome = { resultText: '{}' };
type Fields = Readonly<Record<string, unknown>>;

/** `tasks/get`, `tasks/update` and `tasks/cancel` (MCP extension `io.modelcontextprotocol/tasks`), at any gateway. */
@Injectable()
export class TaskMethods {
  constructor(
    private readonly finder: TaskFinder,
    private readonly log: TaskLog,
    private readonly forwarder: UpstreamForwarder,
    @InjectBus() private readonly bus: MessageBus,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  route(router: MethodRouter<Caller>): void {
    router.route('tasks/get', (request) =>
      this.#with(request, async (task) => ({ result: await this.finder.show(task) })),
    );
    router.route('tasks/update', (request) =>
      this.#with(request, (task) => this.#update(task, request.params!['inputResponses'])),
    );
    router.route('tasks/cancel', (request) => this.#with(request, (task) => this.#cancel(task)));
  }

  async #with(
    { method, params, caller }: McpRequest<Caller>,
    act: (task: FoundTask) => Promise<Outcome>,
  ): Promise<Outcome> {
    if (!takesTasks(caller)) {
      if (isOfStatelessEra(caller.client.protocolVersion)) return { error: missingTasks(method) };
      return { error: rpcError(ErrorCode.MethodNotFound, `Unknown method: ${method}`) };
    }
    const taskId = params?.['taskId'];
    if (typeof taskId !== 'string') return { error: rpcError(ErrorCode.InvalidParams, '"taskId" must be a string') };
    try {
      const found = await this.finder.find(taskId, caller.client.principal);
      return 'error' in found ? found : await act(found);
    } catch (cause) {
      const unexpected = (err: unknown): void => this.context.logger?.error({ err, method }, 'a task');
      return { error: rpcErrorOf(cause, 'signalbox', unexpected) };
    }
  }

  /** Sends answers to the executors whose servers wait for them; those to nothing that is open are ignored, as the extension says. */
  async #update({ callId, reading }: FoundTask, responses: unknown): Promise<Outcome> {
    if (typeof responses !== 'object' || responses === null || Array.isArray(responses)) {
      return {
        error: rpcError(ErrorCode.InvalidParams, '"inputResponses" must be an object of answers by their keys'),
      };
    }
    const { inputs } = reading.task;
    const answered = [...inputs.values()].filter(({ data }) => Object.hasOwn(responses, data.key));
    for (const { data } of answered) {
      if (isAnswerTo(data.method, (responses as Fields)[data.key])) continue;
      const message = `"inputResponses.${data.key}" is not an answer to ${data.method}`;
      return { error: rpcError(ErrorCode.InvalidParams, message) };
    }
    for (const { data } of answered) {
      const { key, inbox, question } = data;
      // sent before it is noted: an answer that comes twice is ignored by the executor, one that never comes is not
      sendAnswer(this.bus, inbox, callId, question, { result: (responses as Fields)[key] });
      await this.log.inputClosed(callId, key, 'answered');
    }
    return DONE;
  }

  /** Asks the executor to take the call back. The task is cancelled when that is in the log, unless it has come to an end first. */
  async #cancel({ callId, reading }: FoundTask): Promise<Outcome> {
    const { status } = taskState(reading.task, this.finder.patience);
    if (status === 'working' || status === 'input_required') {
      await this.log.cancelRequested(callId);
      this.forwarder.control({ kind: 'cancel', requestId: callId, reason: 'the client cancelled the task' });
    }
    return DONE;
  }
}
