import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createEvent, isDefinedInLog, newId, type NewEvent, type UpstreamDefinition } from '@signalbox/contracts';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { VersionConflictError } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RegistryConfig } from '../../config.js';
import { EntityLog } from '../../entity-log.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { maskedDefinition } from './masked-definition.js';
import { ServerViews, type KnownServer } from './server-views.js';

const MAX_TRIES = 3;

/** Brings the log to what is configured: one event for each server that is new, changed or gone. */
@Injectable()
export class ServerRegistrar implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #turn: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;

  constructor(
    @InjectEventLog() private readonly log: EventLog,
    @InjectContext() private readonly context: ServiceContext,
    @InjectRegistryConfig() private readonly registryConfig: RegistryConfig,
    private readonly entityLog: EntityLog,
    private readonly views: ServerViews,
  ) {}

  /** Waits for it no longer than `servers.catchUpMs`: a long log must not keep the service from answering. */
  async onApplicationBootstrap(): Promise<void> {
    this.entityLog.start();
    this.#end = this.context.config.live?.onChange(() => void this.#bringUpToDate());
    const done = this.#bringUpToDate();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.registryConfig.servers.catchUpMs);
    });
    await Promise.race([done, enough]);
    clearTimeout(timer);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#end?.();
    await this.#turn;
  }

  #bringUpToDate(): Promise<void> {
    return this.reconcile().catch((error: unknown) =>
      this.context.logger?.error({ err: error }, 'cannot bring the servers of the log to the configuration'),
    );
  }

  /**
   * Writes what differs between the log and the configuration as it is now, one time after the other. Resolves when the views
   * show it.
   */
  reconcile(): Promise<void> {
    const turn = this.#turn.then(() => this.#register());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #register(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.entityLog.caughtUp();
      try {
        return await this.#appendDifference();
      } catch (error) {
        // another registry was first: look again at what is left to say
        if (!(error instanceof VersionConflictError) || attempt >= MAX_TRIES) throw error;
      }
    }
  }

  async #appendDifference(): Promise<void> {
    const configured = new Set<string>();
    const correlationId = newId();
    for (const definition of this.context.config.servers) {
      configured.add(definition.name);
      const known = this.views.get(definition.name);
      const event = registration(definition);
      if (!isRegistered(known, event)) await this.#append(definition.name, known, event, correlationId);
    }
    for (const known of this.views.all()) {
      const { server, state, source } = known.view;
      if (state === 'removed' || configured.has(server) || known.registrationVersion === 0) continue;
      // what was defined by the API or found by discovery is removed by them
      if (isDefinedInLog(source)) continue;
      const event = createEvent('server.removed', { server, reason: 'no longer in the configuration, or disabled' });
      await this.#append(server, known, event, correlationId);
    }
    await this.entityLog.caughtUp();
  }

  async #append(server: string, known: KnownServer | undefined, event: NewEvent, correlationId: string): Promise<void> {
    const expectedVersion = known?.registrationVersion ?? 0;
    const hash = createHash('sha256').update(JSON.stringify(event.data)).digest('hex').slice(0, 16);
    await this.log.append({
      stream: `server-${server}`,
      expectedVersion,
      events: [event],
      commitId: `server-${server}.${expectedVersion + 1}.${hash}`,
      metadata: { correlationId },
    });
  }
}

type Registration = NewEvent<'server.registered'>;

function registration(definition: UpstreamDefinition): Registration {
  return createEvent('server.registered', {
    server: definition.name,
    transport: definition.target.kind,
    // as it is after a way through JSON, so that it compares with what the log has
    definition: JSON.parse(JSON.stringify(maskedDefinition(definition))) as Record<string, unknown>,
    source: definition.source,
  });
}

function isRegistered(known: KnownServer | undefined, { data }: Registration): boolean {
  if (!known || known.view.state === 'removed' || known.registrationVersion === 0) return false;
  const { transport, definition, source } = known.view;
  return transport === data.transport && source === data.source && isDeepStrictEqual(definition, data.definition);
}
