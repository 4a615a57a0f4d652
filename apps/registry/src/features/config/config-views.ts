import { Injectable } from '@nestjs/common';
import { leavesOf, maskConfig } from '@signalbox/contracts';
import { InjectConfig } from '@signalbox/nest-kit';
import type { ConfigProblem, ConfigSource } from '@signalbox/ports';
import { configDifferences } from './config-differences.js';
import { ConfigHistory, type ConfigChanged } from './config-history.js';
import { liveOf, unknownVersion } from './config-problems.js';
import type { ConfigDiff, ConfigVersion, EffectiveConfig, FullConfigVersion } from './config-schemas.js';

/** The configuration and its versions, as the registry answers for them. */
@Injectable()
export class ConfigViews {
  constructor(
    private readonly history: ConfigHistory,
    @InjectConfig() private readonly config: ConfigSource,
  ) {}

  async effective(): Promise<EffectiveConfig> {
    const live = liveOf(this.config);
    const newest = await this.history.newest();
    const needsRestart = [...live.needsRestart()];
    const values = [...leavesOf(maskConfig(live.effective()))].map(([path, value]) => {
      const origin = live.originOf(path);
      return {
        path,
        value,
        source: origin?.source ?? ('built-in' as const),
        ...(origin && { where: origin.where }),
        ...(needsRestart.includes(path) && { needsRestart: true as const }),
      };
    });
    return {
      version: newest?.streamVersion ?? 0,
      time: newest?.time,
      who: newest?.data.who,
      cause: newest?.data.cause,
      sources: live.layers().map((layer) => ({ ...layer, problems: layer.problems.map(shown) })),
      values,
      problems: this.config.problems.map(shown),
      needsRestart,
    };
  }

  async versions(query: { limit: number; before?: number | undefined }): Promise<ConfigVersion[]> {
    return (await this.history.list(query)).map(versionOf);
  }

  /** @throws ProblemException 404 */
  async version(version: number): Promise<FullConfigVersion> {
    return this.full(await this.#known(version));
  }

  async full(event: ConfigChanged): Promise<FullConfigVersion> {
    const [changes, document] = await Promise.all([this.history.changesOf(event), this.history.documentOf(event)]);
    return { ...versionOf(event), changes: [...changes], document };
  }

  /** @param to the newest when absent @throws ProblemException 404 */
  async diff(from: number, to?: number): Promise<ConfigDiff> {
    const newest = await this.history.newest();
    const until = to ?? newest?.streamVersion ?? 0;
    const [before, after] = await Promise.all([this.#known(from), this.#known(until)]);
    const changes = configDifferences(await this.history.documentOf(before), await this.history.documentOf(after));
    return { from, to: until, changes };
  }

  async #known(version: number): Promise<ConfigChanged> {
    const event = await this.history.version(version);
    if (event) return event;
    throw unknownVersion(version, (await this.history.newest())?.streamVersion ?? 0);
  }
}

function versionOf({ streamVersion, time, data }: ConfigChanged): ConfigVersion {
  const { cause, sources, who, why, rolledBackTo, needsRestart } = data;
  return {
    version: streamVersion,
    time,
    cause,
    sources,
    who,
    ...(why !== undefined && { why }),
    ...(rolledBackTo !== undefined && { rolledBackTo }),
    needsRestart,
  };
}

function shown({ path, message, where }: ConfigProblem): { path: string; message: string; where?: string } {
  return { path, message, ...(where !== undefined && { where }) };
}
