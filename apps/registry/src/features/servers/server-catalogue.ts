import { Injectable } from '@nestjs/common';
import { isDefinedInLog, upstreamSettingsSchema, type UpstreamSettings } from '@signalbox/contracts';
import { cycleText, dependencyOrder, redirectCycle } from '@signalbox/domain/server';
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

  /** What is wrong with the configuration of others, and with servers that can never be started. */
  get problems(): readonly ConfigProblem[] {
    const there = this.views.all().filter(({ view }) => view.life.exists);
    const graph = new Map(there.map(({ view }) => [view.server, view.dependsOn]));
    const cycles = dependencyOrder(graph).cycles.map((cycle) => ({
      path: `mcpServers.${cycle[0]}.signalbox.dependsOn`,
      message: `servers depend on each other, so that none of them can be started: ${cycleText(cycle)}`,
    }));
    const missing = there.flatMap(({ view: { server, dependsOn } }) =>
      dependsOn.flatMap((name) =>
        graph.has(name)
          ? []
          : [{ path: `mcpServers.${server}.signalbox.dependsOn`, message: `there is no server ${name}` }],
      ),
    );
    return [...this.config.problems, ...cycles, ...missing, ...redirectProblems(there)];
  }

  #answer(known: KnownServer): ServerAnswer {
    return serverAnswer(known, this.#settingsOf(known.view));
  }

  #settingsOf({ server, source, definition }: KnownServer['view']): UpstreamSettings | undefined {
    if (!isDefinedInLog(source)) return this.config.servers.find(({ name }) => name === server)?.settings;
    return upstreamSettingsSchema.safeParse(definition?.['signalbox']).data;
  }
}

/** Stand-ins that do not exist, and those that would stand in for each other: none of these is used. */
function redirectProblems(there: readonly KnownServer[]): ConfigProblem[] {
  const byName = new Map(there.map(({ view }) => [view.server, view]));
  return there.flatMap(({ view: { server, redirectTo } }) => {
    if (redirectTo === undefined) return [];
    const path = `mcpServers.${server}.signalbox.recovery.redirectTo`;
    if (!byName.has(redirectTo)) return [{ path, message: `there is no server ${redirectTo}` }];
    const cycle = redirectCycle(server, (name) => byName.get(name));
    if (!cycle) return [];
    return [{ path, message: `servers stand in for each other, so that none of them does: ${cycleText(cycle)}` }];
  });
}
