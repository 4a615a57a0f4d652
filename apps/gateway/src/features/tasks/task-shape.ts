import type { RpcError } from '@signalbox/contracts';
import { taskState, type TaskPatience, type TaskView } from '@signalbox/domain/task';
import type { RpcOutcome } from '@signalbox/mcp';
import type { CallOutcomeEvent } from '@signalbox/domain/call';

/** What every form of a task has (Tasks extension: `Task`). */
export interface TaskBase {
  readonly taskId: string;
  readonly status: string;
  readonly statusMessage?: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
}

export interface ShapeSources {
  /** The answer that an outcome in the log stands for. */
  answerOf(outcome: CallOutcomeEvent): Promise<RpcOutcome>;
  /** A value of an event, wherever it lies. */
  load(payload: unknown): Promise<unknown>;
}

const MAX_MESSAGE = 1_000;

/** A task as `tasks/get` and `notifications/tasks` show it (Tasks extension: `DetailedTask`). */
export async function detailedTask(
  taskId: string,
  task: TaskView,
  patience: TaskPatience,
  sources: ShapeSources,
): Promise<TaskBase> {
  const state = taskState(task, patience);
  const base = baseOf(taskId, task, state.status);
  switch (state.status) {
    case 'working':
      return { ...base, ...messageOf(progressText(task)) };
    case 'input_required':
      return { ...base, ...messageOf('The server waits for input'), ...(await inputsOf(task, sources)) };
    case 'cancelled': {
      const { reason } = state.outcome.data as { readonly reason?: string };
      return { ...base, ...messageOf(reason) };
    }
    case 'completed':
    case 'failed': {
      const answer = state.outcome
        ? await sources.answerOf(state.outcome)
        : { error: await errorOf(state.error, sources) };
      if ('error' in answer) return { ...base, ...messageOf(answer.error.message), ...{ error: answer.error } };
      return { ...base, ...{ result: answer.result } };
    }
  }
}

/** A task as it is told to whoever made it one (Tasks extension: `CreateTaskResult`), before anything has come of it. */
export function newTask(
  taskId: string,
  createdAt: number,
  { ttlMs, pollIntervalMs }: { readonly ttlMs: number; readonly pollIntervalMs: number },
): TaskBase & { readonly resultType: 'task' } {
  const time = new Date(createdAt).toISOString();
  return {
    ...{ resultType: 'task', taskId, status: 'working' },
    ...{ createdAt: time, lastUpdatedAt: time, ttlMs, pollIntervalMs },
  };
}

function baseOf(taskId: string, { created, updatedAt }: TaskView, status: string): TaskBase {
  const { ttlMs, pollIntervalMs } = created!.data;
  // an input may have been answered at a gateway whose clock is behind
  const lastUpdatedAt = updatedAt > created!.time ? updatedAt : created!.time;
  return { taskId, status, createdAt: created!.time, lastUpdatedAt, ttlMs, pollIntervalMs };
}

async function inputsOf({ inputs }: TaskView, { load }: ShapeSources): Promise<object> {
  const entries = [...inputs.values()].map(async ({ data: { key, method, params } }) => {
    const loaded = await load(params);
    return [key, loaded === undefined ? { method } : { method, params: loaded }] as const;
  });
  return { inputRequests: Object.fromEntries(await Promise.all(entries)) };
}

async function errorOf({ code, message, data }: RpcError, { load }: ShapeSources): Promise<RpcError> {
  return data === undefined ? { code, message } : { code, message, data: await load(data) };
}

function progressText({ progress }: TaskView): string | undefined {
  if (!progress) return undefined;
  const { progress: done, total, message } = progress.data;
  const count = total === undefined ? String(done) : `${done} of ${total}`;
  return message === undefined ? count : `${count}: ${message}`;
}

function messageOf(text: string | undefined): { readonly statusMessage?: string } {
  return text === undefined || text === '' ? {} : { statusMessage: text.slice(0, MAX_MESSAGE) };
}
