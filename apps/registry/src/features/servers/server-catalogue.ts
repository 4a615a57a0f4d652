import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@signalbox/nest-kit';
import type { ConfigProblem, ConfigSource } from '@signalbox/ports';
import { serverAnswer, type ServerAnswer } from './server-answer.js';
import { ServerViews, type KnownServer } from './server-views.js';

/** The upstream servers as the registry answers for them. */
@Injectable()
export class ServerCatalogue {
  constructor(
    private readonly views: ServerViews,
    @InjectConfig() private readonly config: ConfigSource,
  ) {}

  /** Those that are configured, by name. */
  list(): ServerAnswer[] {
    return this.views.all().flatMap((known) => (known.view.state === 'removed' ? [] : [this.#answer(known)]));
  }

  /** Also one that was removed. */
  get(name: string): ServerAnswer | undefined {
    const known = this.views.get(name);
    return known && this.#answer(known);
  }

  /** What is wrong with the configuration of others. */
  get problems(): readonly ConfigProblem[] {
    return this.config.problems;
  }

  #answer(known: KnownServer): ServerAnswer {
    return serverAnswer(known, this.config.servers.find(({ name }) => name === known.view.server)?.settings);
  }
}
