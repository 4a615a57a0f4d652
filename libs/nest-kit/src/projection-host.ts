import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ProjectionRunner, type Projection, type ProjectionRunnerOptions } from '@signalbox/runtime';
import type { ServiceContext } from './service-context.js';
import { InjectContext } from './tokens.js';

/** Runs a service's projections and stops them with it. */
@Injectable()
export class ProjectionHost implements BeforeApplicationShutdown {
  readonly #runners = new Map<string, ProjectionRunner>();

  constructor(@InjectContext() private readonly context: ServiceContext) {}

  /** Starts a projection from its checkpoint. @param options how it reads: batch, pace, what hears of failures */
  run(projection: Projection, options: ProjectionRunnerOptions = {}): ProjectionRunner {
    if (this.#runners.has(projection.name)) throw new Error(`projection ${projection.name} runs already`);
    const { service, instanceId, ports } = this.context;
    const tracer = ports.telemetry.tracer(service, instanceId);
    const runner = new ProjectionRunner(ports.events, ports.readModels, projection, { tracer, ...options });
    this.#runners.set(projection.name, runner);
    runner.start();
    return runner;
  }

  get(name: string): ProjectionRunner | undefined {
    return this.#runners.get(name);
  }

  all(): readonly ProjectionRunner[] {
    return [...this.#runners.values()];
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.all().map((runner) => runner.stop()));
  }
}
