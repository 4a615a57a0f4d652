import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectContext, ProjectionHost, ReadinessProbe, type ServiceContext } from '@signalbox/nest-kit';
import type { ProjectionRunner } from '@signalbox/runtime';
import type { ResourceServiceConfig } from '../config.js';
import { InjectResourceServiceConfig } from '../resource-config.module.js';
import { collectionsProjection, documentsProjection } from './documents.projection.js';

/** Keeps the projections of documents and collections up to the log. */
@Injectable()
export class DocumentsRunner implements OnModuleInit {
  #runners: readonly ProjectionRunner[] = [];

  constructor(
    private readonly host: ProjectionHost,
    private readonly readiness: ReadinessProbe,
    @InjectContext() private readonly context: ServiceContext,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
  ) {}

  onModuleInit(): void {
    this.#runners = [documentsProjection, collectionsProjection].map((projection) =>
      this.host.run(projection, {
        onError: (error, info) => this.context.logger?.error({ err: error, ...info }, `projection ${projection.name}`),
      }),
    );
    this.readiness.add('projections', async () => {
      const failed = this.#runners.map((runner) => runner.status()).find(({ state }) => state === 'failed');
      if (failed) throw new Error(`${failed.name}: ${failed.error}`);
    });
  }

  /**
   * Resolves when the lists have in them what is in the log now, at the latest after `documents.readYourWritesMs`: what was
   * written is safe by then, and a projection that is behind must not hold up the writer.
   */
  async caughtUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.config.documents.readYourWritesMs);
    });
    const all = Promise.all(this.#runners.map((runner) => runner.caughtUp())).catch(() => undefined);
    await Promise.race([all, enough]);
    clearTimeout(timer);
  }
}
