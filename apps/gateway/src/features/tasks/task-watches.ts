import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ClientContext, RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import type { ExtendedListen, ListenExtension } from '../listen/listen-extension.js';
import { TaskFinder, type FoundTask } from './task-finder.js';
import type { TaskBase } from './task-shape.js';
import { missingTasks, takesTasks } from './tasks-capability.js';

const TERMINAL: ReadonlySet<string> = new Set(['completed', 'cancelled', 'failed']);
/** Looks at the log become rarer for a task of which nothing new is heard, up to so many times the shortest pause. */
const SLOWEST = 8;

type Send = (method: string, params: object) => void;

/** Tells clients that listen how their tasks are (`notifications/tasks`), by reading on in the log: any gateway can. */
@Injectable()
export class TaskWatches implements ListenExtension, BeforeApplicationShutdown {
  readonly #stops = new Set<AbortController>();

  constructor(
    private readonly finder: TaskFinder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Tasks that are watched. */
  get size(): number {
    return this.#stops.size;
  }

  beforeApplicationShutdown(): void {
    for (const stop of this.#stops) stop.abort();
  }

  listen(
    client: Omit<ClientContext, 'gateway' | 'sessionId'>,
    notifications: object,
  ): ExtendedListen | { readonly error: RpcError } | undefined {
    const { taskIds } = notifications as { readonly taskIds?: unknown };
    if (taskIds === undefined) return undefined;
    const { instanceId: gateway } = this.context;
    if (!takesTasks({ via: 'mcp', client: { ...client, gateway } })) return { error: missingTasks('"taskIds"') };
    const { maxWatched } = this.config.tasks;
    if (!Array.isArray(taskIds) || !taskIds.every((id) => typeof id === 'string') || taskIds.length > maxWatched) {
      const message = `"notifications.taskIds" must be a list of at most ${maxWatched} task ids`;
      return { error: rpcError(ErrorCode.InvalidParams, message) };
    }
    const ids = [...new Set(taskIds as string[])];
    const whole = new AbortController();
    return {
      begin: async (send) => ({ taskIds: await this.#watchAll(ids, client.principal, send, whole.signal) }),
      end: () => whole.abort(),
    };
  }

  /** @returns the tasks that are there and are watched */
  async #watchAll(ids: readonly string[], principal: string, send: Send, over: AbortSignal): Promise<string[]> {
    const found = await Promise.all(ids.map((id) => this.finder.find(id, principal).catch(() => undefined)));
    const watched: string[] = [];
    for (const task of found) {
      if (!task || 'error' in task || over.aborted || this.#stops.size >= this.config.tasks.maxWatched) continue;
      const stop = new AbortController();
      over.addEventListener('abort', () => stop.abort(), { once: true });
      this.#stops.add(stop);
      watched.push(task.taskId);
      this.#watch(task, send, stop.signal)
        .catch((err: unknown) => this.context.logger?.error({ err, callId: task.callId }, 'a task cannot be watched'))
        .finally(() => this.#stops.delete(stop));
    }
    return watched;
  }

  /** Tells how the task is now, and whenever that changes, until it has come to its end. */
  async #watch(first: FoundTask, send: Send, signal: AbortSignal): Promise<void> {
    const { followMs } = this.config.streams;
    let told: string | undefined;
    for (let [task, wait] = [first, followMs]; !signal.aborted;) {
      const shape = await this.finder.show(task);
      if (signal.aborted) return;
      const text = textOf(shape);
      if (text !== told) send('notifications/tasks', shape);
      if (TERMINAL.has(shape.status)) return;
      wait = text === told ? Math.min(wait * 1.5, followMs * SLOWEST) : followMs;
      told = text;
      await delay(wait, undefined, { signal }).catch(() => undefined);
      task = await this.#again(task);
    }
  }

  async #again(task: FoundTask): Promise<FoundTask> {
    try {
      return await this.finder.again(task);
    } catch (err) {
      this.context.logger?.warn({ err, callId: task.callId }, 'a task could not be read from the log');
      return task;
    }
  }
}

/** What makes two states of a task different to its client. */
function textOf({ lastUpdatedAt: _, ...shape }: TaskBase): string {
  return JSON.stringify(shape);
}
