import { Injectable } from '@nestjs/common';
import { newId, type NewEvent } from '@signalbox/contracts';
import type { KnownLife, ServerView } from '@signalbox/domain/server';
import { InjectEventLog, ProblemException } from '@signalbox/nest-kit';
import { VersionConflictError } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { EntityLog } from '../../entity-log.js';
import { ServerViews, type KnownServer } from '../servers/server-views.js';

const MAX_TRIES = 5;

/** Writes what was decided about servers, after everything that is in the log already. */
@Injectable()
export class ServerWriter {
  constructor(
    @InjectEventLog() private readonly log: EventLog,
    private readonly entityLog: EntityLog,
    private readonly views: ServerViews,
  ) {}

  /**
   * Runs a decision on the newest state, again when another one was first. Resolves when the views show what it wrote.
   * @param decide writes by {@link append}
   * @throws whatever `decide` throws; VersionConflictError when it lost every try
   */
  async decide<T>(decide: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.#caughtUp();
      try {
        const result = await decide();
        await this.#caughtUp();
        return result;
      } catch (error) {
        if (!(error instanceof VersionConflictError) || attempt >= MAX_TRIES) throw error;
      }
    }
  }

  /**
   * Writes events in one commit.
   * @throws VersionConflictError when something was written about the server that its view does not have
   */
  async append(server: string, ...events: NewEvent[]): Promise<void> {
    const commitId = `server-${server}.${newId()}`;
    await this.log.append({
      stream: `server-${server}`,
      expectedVersion: this.known(server)?.registrationVersion ?? 0,
      events,
      commitId,
      metadata: { correlationId: commitId },
    });
  }

  known(server: string): KnownServer | undefined {
    return this.views.get(server);
  }

  /** All servers as others depend on them. */
  lives(): ReadonlyMap<string, KnownLife & Pick<ServerView, 'redirectTo'>> {
    return new Map(this.views.all().map(({ view }) => [view.server, view]));
  }

  async #caughtUp(): Promise<void> {
    await this.entityLog.caughtUp().catch((error: Error) => {
      throw new ProblemException(503, 'Service Unavailable', { detail: error.message, retryable: true });
    });
  }
}
