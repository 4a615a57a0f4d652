import { checkLeadershipName, type Candidacy, type LeaderLock, type LeadershipListener } from '@signalbox/ports';
import { ConsulApi } from '../api/consul-api.js';
import type { ConsulOptions } from '../api/options.js';
import { ConsulCandidacy } from './consul-candidacy.js';
import type { SessionOptions } from './session.js';

export interface ConsulLeaderLockOptions extends ConsulOptions, Partial<SessionOptions> {
  /** Where the keys are; default `signalbox/leader`. */
  readonly prefix?: string;
}

/**
 * Leadership as a lock in Consul (https://developer.hashicorp.com/consul/tutorials/developer-configuration/application-leader-elections):
 * the leader's session holds the key of the name. Terms are how often the key was acquired.
 */
export class ConsulLeaderLock implements LeaderLock {
  private readonly api: ConsulApi;
  private readonly prefix: string;
  private readonly session: SessionOptions;
  private readonly candidacies = new Set<Candidacy>();
  private closing: Promise<void> | undefined;

  /** Connects when it is first used. @throws RangeError for a URL that is not one of HTTP */
  constructor(options: ConsulLeaderLockOptions) {
    this.api = new ConsulApi(options);
    this.prefix = options.prefix ?? 'signalbox/leader';
    this.session = {
      ttlMs: options.ttlMs ?? 10_000,
      lifeSignMs: options.lifeSignMs ?? 6_000,
      lockDelayMs: options.lockDelayMs ?? 1_000,
    };
  }

  campaign(name: string, instanceId: string, listener: LeadershipListener): Candidacy {
    checkLeadershipName(name);
    if (this.closing) throw new Error('the leader lock is closed');
    const options = { ...this.session, name, instanceId, key: this.keyOf(name) };
    const candidacy = new ConsulCandidacy(this.api, options, listener);
    this.candidacies.add(candidacy);
    return {
      resign: async () => {
        await candidacy.resign();
        this.candidacies.delete(candidacy);
      },
    };
  }

  async leader(name: string): Promise<string | undefined> {
    checkLeadershipName(name);
    const { value } = await this.api.getKey(this.keyOf(name));
    return value?.Session === undefined ? undefined : (value.Value ?? undefined);
  }

  close(): Promise<void> {
    this.closing ??= Promise.all([...this.candidacies].map((candidacy) => candidacy.resign())).then(() =>
      this.api.close(),
    );
    return this.closing;
  }

  private keyOf(name: string): string {
    return `${this.prefix}/${name}`;
  }
}
