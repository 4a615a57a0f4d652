import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import {
  createEvent,
  isLiveSetting,
  maskConfig,
  newId,
  type ConfigDifference,
  type ConfigOverlayEntry,
  type ConfigTree,
  type EventData,
} from '@signalbox/contracts';
import { isSameValue } from '@signalbox/domain/config';
import { CONFIG_STREAM, InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import {
  VersionConflictError,
  type ConfigChange,
  type ConfigLayerState,
  type LiveConfiguration,
} from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { createHash } from 'node:crypto';
import { configDifferences } from './config-differences.js';
import { ConfigHistory, type ConfigChanged } from './config-history.js';

const REFUSED_STREAM = 'config-refused';
const MAX_TRIES = 5;

/** What a version is to say beside what it is. */
export interface VersionNote extends Pick<
  EventData<'config.changed'>,
  'cause' | 'sources' | 'who' | 'why' | 'rolledBackTo'
> {
  readonly overlay: readonly ConfigOverlayEntry[];
}

/** Writes each change of the configuration, and each edit that was refused, into the log. */
@Injectable()
export class ConfigRecorder implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #turn: Promise<unknown> = Promise.resolve();
  /** The newest version that this registry has seen. */
  #version = 0;
  readonly #ends: (() => void)[] = [];

  constructor(
    private readonly history: ConfigHistory,
    @InjectEventLog() private readonly log: EventLog,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Does not wait: a log that is slow must not keep the service from answering. */
  onApplicationBootstrap(): void {
    const { live } = this.context.config;
    if (live === undefined) return;
    this.#ends.push(live.onChange((change) => this.#edited(live, change)));
    this.#ends.push(live.onRefused((layer) => this.#behind(() => this.#refused(layer))));
    this.#behind(() => this.#started(live));
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const end of this.#ends) end();
    await this.#turn;
  }

  /** One after the other, so that each knows the version before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Appends a version, unless the newest one says the same.
   * @param known the newest version when `changes` were found; another one makes it a conflict
   * @throws VersionConflictError when another registry was first
   */
  async append(
    known: ConfigChanged | undefined,
    document: ConfigTree,
    changes: readonly ConfigDifference[],
    { overlay, ...note }: VersionNote,
  ): Promise<number> {
    const version = (known?.streamVersion ?? 0) + 1;
    const data: EventData<'config.changed'> = {
      version,
      ...note,
      changes: (await this.history.payloads.store(changes)) as ConfigDifference[],
      document: (await this.history.payloads.store(document)) as Record<string, unknown>,
      needsRestart: changes.map(({ path }) => path).filter((path) => !isLiveSetting(path)),
      ...(overlay.length > 0 && { overlay: [...overlay] }),
    };
    const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
    const { lastVersion } = await this.log.append({
      stream: CONFIG_STREAM,
      expectedVersion: version - 1,
      events: [createEvent('config.changed', data)],
      commitId: `config.${version}.${hash}`,
      metadata: { correlationId: newId() },
    });
    return lastVersion;
  }

  async #started(live: LiveConfiguration): Promise<void> {
    const layers = live.layers().filter(({ state }) => state !== 'empty');
    const note = { cause: 'start', sources: layers.map(({ source }) => source), who: this.context.instanceId } as const;
    await this.#record(live.document, live.overlay, note, undefined);
  }

  #edited(live: LiveConfiguration, { sources, before, after }: ConfigChange): void {
    // now, before the next one comes
    const { overlay } = live;
    const changes = configDifferences(before, after);
    const who = sources.map(({ source, where }) => `${source}: ${where}`).join(', ');
    const note = { cause: 'edit', sources: sources.map(({ source }) => source), who } as const;
    this.#behind(() => this.#record(after, overlay, note, changes));
  }

  /** @param changes what is different; found out from the newest version when absent */
  async #record(
    after: ConfigTree,
    overlay: readonly ConfigOverlayEntry[],
    note: Omit<VersionNote, 'overlay'>,
    changes: readonly ConfigDifference[] | undefined,
  ): Promise<void> {
    const document = maskConfig(after);
    for (let attempt = 1; ; attempt++) {
      const newest = await this.history.newest();
      const last = newest && (await this.history.documentOf(newest));
      const isKnown = newest !== undefined && isSameValue(last, document);
      if (isKnown && isSameValue(newest.data.overlay ?? [], overlay)) {
        const isOurs = newest.streamVersion === this.#version;
        this.#version = newest.streamVersion;
        // only secrets are others: the log cannot tell, so whoever saw it says so, unless another registry just did
        const secrets = changes?.some(({ before, after: is }) => before !== undefined && isSameValue(before, is));
        if (!secrets || (!isOurs && isSameValue(await this.history.changesOf(newest), changes))) return;
      }
      const different = changes ?? (last === undefined ? [] : configDifferences(last, document));
      try {
        this.#version = await this.append(newest, document, different, { ...note, overlay });
        return;
      } catch (error) {
        // another registry was first: perhaps it has said the same
        if (!(error instanceof VersionConflictError) || attempt >= MAX_TRIES) throw error;
      }
    }
  }

  async #refused({ source, where, problems }: ConfigLayerState): Promise<void> {
    const version = (await this.history.newest())?.streamVersion ?? 0;
    const said = problems.map(({ path, message }) => ({ path, message }));
    await this.log.append({
      stream: REFUSED_STREAM,
      expectedVersion: 'any',
      events: [createEvent('config.refused', { source, where, problems: said, version })],
      commitId: `config-refused.${newId()}`,
      metadata: { correlationId: newId() },
    });
  }

  #behind(work: () => Promise<void>): void {
    void this.inTurn(work).catch((error: unknown) =>
      this.context.logger?.error({ err: error }, 'a change of the configuration could not be written into the log'),
    );
  }
}
