import { Injectable } from '@nestjs/common';
import { InjectClock, InjectContext, ProblemException, ProjectionHost, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { ProjectionRunner, ProjectionStatus } from '@signalbox/runtime';

/** How the last rebuild since the start of the monitor ended. Times are RFC 3339. */
export interface LastRebuild {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly error?: string;
}

export type ProjectionReport = ProjectionStatus & { readonly lastRebuild?: LastRebuild };

/** The projections that this service runs. */
@Injectable()
export class Projections {
  readonly #lastRebuilds = new Map<string, LastRebuild>();

  constructor(
    private readonly host: ProjectionHost,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  list(): ProjectionReport[] {
    return this.host.all().map((runner) => this.#report(runner));
  }

  /** Begins a rebuild beside the live documents, or joins the one that runs. @throws ProblemException 404 */
  rebuild(name: string): ProjectionReport {
    const runner = this.host.get(name);
    if (!runner) {
      const known = this.list().map((report) => report.name);
      throw new ProblemException(404, 'Not Found', {
        detail: `there is no projection ${name}; there are ${known.join(', ')}`,
      });
    }
    if (!runner.status().rebuild) void this.#rebuild(name, runner);
    return this.#report(runner);
  }

  async #rebuild(name: string, runner: ProjectionRunner): Promise<void> {
    const startedAt = this.#now();
    try {
      await runner.rebuild();
      this.#lastRebuilds.set(name, { startedAt, finishedAt: this.#now() });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#lastRebuilds.set(name, { startedAt, finishedAt: this.#now(), error: message });
      this.context.logger?.error({ err: error, projection: name }, 'rebuilding a projection');
    }
  }

  #report(runner: ProjectionRunner): ProjectionReport {
    const status = runner.status();
    const lastRebuild = this.#lastRebuilds.get(status.name);
    return { ...status, ...(lastRebuild && { lastRebuild }) };
  }

  #now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}
