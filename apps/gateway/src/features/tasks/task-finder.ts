import { Injectable } from '@nestjs/common';
import { taskExpiry, type TaskPatience } from '@signalbox/domain/task';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import type { RpcError } from '@signalbox/contracts';
import { InjectClock } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { RecordedCalls } from '../resume/recorded-calls.js';
import { provesSecret, readTaskId } from './task-id.js';
import { TaskLog, type TaskReading } from './task-log.js';
import { detailedTask, type TaskBase } from './task-shape.js';

/** A task that its principal may see. */
export interface FoundTask {
  readonly taskId: string;
  readonly callId: string;
  readonly reading: TaskReading;
}

/** Finds tasks by what their clients know of them, and says how they are. Whatever gateway made them: the log has them. */
@Injectable()
export class TaskFinder {
  constructor(
    private readonly log: TaskLog,
    private readonly calls: RecordedCalls,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
  ) {}

  /**
   * @returns why not: to others than its principal a task does not exist
   * @throws StoreUnavailableError
   */
  async find(taskId: unknown, principal: string): Promise<FoundTask | { readonly error: RpcError }> {
    const id = readTaskId(taskId);
    const reading = id && (await this.log.read(id.callId));
    const created = reading?.task.created?.data;
    if (!created || created.principal !== principal || !provesSecret(id!.secret, created.secretHash)) {
      return { error: rpcError(ErrorCode.InvalidParams, 'Task not found') };
    }
    if (reading!.task.expired || this.clock.now() > taskExpiry(reading!.task)) {
      return { error: rpcError(ErrorCode.InvalidParams, 'Task has expired') };
    }
    return { taskId: taskId as string, callId: id!.callId, reading: reading! };
  }

  /** The same task as it is now. @throws StoreUnavailableError */
  async again({ taskId, callId, reading }: FoundTask): Promise<FoundTask> {
    return { taskId, callId, reading: await this.log.read(callId, reading) };
  }

  get patience(): TaskPatience {
    const { lostCallMs, overdueMs } = this.config.streams;
    return { now: this.clock.now(), lostCallMs, overdueMs };
  }

  /** As `tasks/get` shows it. */
  show({ taskId, reading }: FoundTask): Promise<TaskBase> {
    return detailedTask(taskId, reading.task, this.patience, {
      answerOf: (outcome) => this.calls.answerOf(outcome),
      load: (payload) => this.log.load(payload),
    });
  }
}
