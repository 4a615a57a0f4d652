import { Injectable } from '@nestjs/common';
import {
  createEvent,
  newId,
  SERVICE_NAMES,
  type InstanceCommandName,
  type ServiceInstance,
} from '@signalbox/contracts';
import type { InstanceCommandView } from '@signalbox/domain/cluster';
import { InjectClock, InjectEventLog, ProblemException } from '@signalbox/nest-kit';
import { VersionConflictError, type Clock } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { EntityLog } from '../../entity-log.js';
import { ServiceCensus } from '../services/service-census.js';
import { CommandBook } from './command-book.js';

const MAX_NAMED = 50;

const isOwn = ({ serviceName }: ServiceInstance): boolean => (SERVICE_NAMES as readonly string[]).includes(serviceName);

export interface WantedCommand {
  readonly who: string;
  readonly why?: string | undefined;
  readonly timeoutMs: number;
}

/** Takes commands of operators into the log, from where the leader hands them out. */
@Injectable()
export class InstanceCommander {
  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectClock() private readonly clock: Clock,
    private readonly entityLog: EntityLog,
    private readonly census: ServiceCensus,
    private readonly book: CommandBook,
  ) {}

  /**
   * @throws ProblemException 404 when there is no such instance; 409 when it is none that takes commands, or has one that has
   * not ended; 503 when the log is away
   */
  async command(
    instanceId: string,
    command: InstanceCommandName,
    { who, why, timeoutMs }: WantedCommand,
  ): Promise<InstanceCommandView> {
    const { serviceName } = await this.#known(instanceId);
    await this.entityLog.caughtUp();
    const open = this.book.openOf(instanceId);
    if (open) throw busy(instanceId, open);
    const commandId = newId();
    const deadline = new Date(this.clock.now() + timeoutMs).toISOString();
    const reasons = { who, ...(why === undefined ? {} : { why }) };
    try {
      await this.log.append({
        stream: `commands-${instanceId}`,
        expectedVersion: this.book.versionOf(instanceId),
        events: [
          createEvent('instance.commanded', { commandId, instanceId, serviceName, command, ...reasons, deadline }),
        ],
        commitId: commandId,
        metadata: { correlationId: commandId },
      });
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      throw busy(instanceId, this.book.openOf(instanceId));
    }
    await this.entityLog.caughtUp();
    return this.book.get(commandId)!;
  }

  async #known(instanceId: string): Promise<ServiceInstance> {
    const instance = await this.census.lookUp(instanceId);
    if (!instance) {
      const all = (await this.census.find({})).filter(isOwn);
      const instances = all.slice(0, MAX_NAMED).map(({ id }) => id);
      const detail = `there is no instance ${instanceId}; there are: ${instances.join(', ') || 'none'}`;
      throw new ProblemException(404, 'Not Found', { detail, instances });
    }
    if (isOwn(instance)) return instance;
    const detail = `${instanceId} is an instance of ${instance.serviceName}, which is no service of Signalbox and takes no commands`;
    throw new ProblemException(409, 'Conflict', { detail });
  }
}

function busy(instanceId: string, open: InstanceCommandView | undefined): ProblemException {
  const what = open ? `${open.command} (${open.commandId})` : 'a command';
  const detail = `${instanceId} has ${what} that has not ended; one at a time`;
  return new ProblemException(409, 'Conflict', { detail, retryable: true, ...(open && { commandId: open.commandId }) });
}
