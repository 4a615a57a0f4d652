import { Injectable } from '@nestjs/common';
import { isLiveSetting, isWithin, joinPath, maskConfig, type ConfigTree } from '@signalbox/contracts';
import { isSameValue, planRollback, type RollbackPlan } from '@signalbox/domain/config';
import { InjectConfig, ProblemException } from '@signalbox/nest-kit';
import { VersionConflictError, type ConfigSource, type LiveConfiguration } from '@signalbox/ports';
import { configDifferences } from './config-differences.js';
import { ConfigHistory, type ConfigChanged } from './config-history.js';
import { ConfigRecorder, type VersionNote } from './config-recorder.js';
import { liveOf, unknownVersion } from './config-problems.js';

export interface RollbackRequest {
  readonly version: number;
  readonly who: string;
  readonly why: string;
}

const MAX_TRIES = 3;

/** Makes the configuration what it was at an earlier version, over whatever the sources say now. */
@Injectable()
export class ConfigRollback {
  constructor(
    private readonly history: ConfigHistory,
    private readonly recorder: ConfigRecorder,
    @InjectConfig() private readonly config: ConfigSource,
  ) {}

  /**
   * @returns the version that is in force then: a new one, or the newest when nothing had to change
   * @throws ProblemException 404 for an unknown version; 409 when what it had cannot be had again, with the paths; 422 when it
   * would be wrong now, with the problems
   */
  rollBack(request: RollbackRequest): Promise<ConfigChanged> {
    const live = liveOf(this.config);
    return this.recorder.inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(live, request);
        } catch (error) {
          if (!(error instanceof VersionConflictError) || attempt >= MAX_TRIES) throw error;
        }
      }
    });
  }

  async #attempt(live: LiveConfiguration, { version, who, why }: RollbackRequest): Promise<ConfigChanged> {
    const newest = await this.history.newest();
    const earlier = await this.history.version(version);
    if (newest === undefined || earlier === undefined) throw unknownVersion(version, newest?.streamVersion ?? 0);
    const target = await this.history.documentOf(earlier);
    const { overlay } = this.#plan(live, target);
    const problems = live.check(overlay);
    if (problems.length > 0) {
      throw new ProblemException(422, 'Unprocessable', {
        detail: `version ${version} would be wrong now`,
        problems,
      });
    }
    const now = maskConfig(live.document);
    if (isSameValue(now, target) && isSameValue(live.overlay, overlay)) return newest;
    const note: VersionNote = { cause: 'rollback', sources: ['rollback'], who, why, rolledBackTo: version, overlay };
    const added = await this.recorder.append(newest, target, configDifferences(now, target), note);
    live.hold(overlay);
    return (await this.history.version(added))!;
  }

  #plan(live: LiveConfiguration, target: ConfigTree): RollbackPlan {
    const plan = planRollback(live.base, target);
    const early = plan.overlay
      .map(({ path }) => joinPath('', path))
      .filter((path) => !isLiveSetting(path) && live.earlySections.some((name) => isWithin(path, `signalbox.${name}`)));
    if (plan.lost.length > 0) {
      throw new ProblemException(409, 'Conflict', {
        detail: `a secret was there that is not kept anywhere: ${plan.lost.join(', ')}; set it in the sources, as a reference such as \${NAME}, which can be rolled back`,
        paths: plan.lost,
      });
    }
    if (early.length > 0) {
      throw new ProblemException(409, 'Conflict', {
        detail: `is read before the log is open, where rollbacks are: ${early.join(', ')}; change it in its source`,
        paths: early,
      });
    }
    return plan;
  }
}
