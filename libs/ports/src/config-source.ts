import type {
  ConfigLayerName,
  ConfigOverlayEntry,
  ConfigTree,
  ConfigUpdate,
  UpstreamDefinition,
} from '@signalbox/contracts';
import type { ConfigProblem } from './config-error.js';

/** What the sources of configuration say together, before a service takes its own section. */
export interface ConfigSource {
  /** Path of the file, or undefined for the built-in default. */
  readonly path: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Upstream servers that are valid and enabled, now. */
  readonly servers: readonly UpstreamDefinition[];
  /** What is wrong with the others and with unknown keys, each named by its path. */
  readonly problems: readonly ConfigProblem[];
  /** `signalbox.<name>`, unvalidated, now; undefined when absent. */
  section(name: string): unknown;
  /** Absent where the configuration stays as it is. */
  readonly live?: LiveConfiguration;
}

/** Configuration that changes while the process runs. Values may be secrets: mask them before they are written or shown. */
export interface LiveConfiguration {
  /** All layers merged, as written: references to environment variables are not resolved. */
  readonly document: ConfigTree;
  /** The same without what rollbacks hold in place. */
  readonly base: ConfigTree;
  /** `document`, and the program's defaults for the sections that this process knows. */
  effective(): ConfigTree;
  /** The layer that a value of {@link effective} comes from, and where in it; undefined for the program's own default. */
  originOf(path: string): ConfigOrigin | undefined;
  /** The weakest first. */
  layers(): readonly ConfigLayerState[];
  /** Paths that differ from what this process started with, and that it reads at its start only. */
  needsRestart(): readonly string[];
  /** Sections that are read before the log is open: no rollback, which is in the log, can have an effect on them. */
  readonly earlySections: readonly string[];
  /** What rollbacks still hold in place. */
  readonly overlay: readonly ConfigOverlayEntry[];
  /** What would be wrong with the configuration under this overlay; empty when it could be applied. */
  check(overlay: readonly ConfigOverlayEntry[]): readonly ConfigProblem[];
  /** Puts an overlay in the place of the present one. @returns what is wrong with it, when it is not applied for that */
  hold(overlay: readonly ConfigOverlayEntry[]): readonly ConfigProblem[];
  /**
   * Reads all sources anew, now and not when they are looked at next.
   * @throws Error when one of them does not answer
   */
  reload?(): Promise<ConfigUpdate>;
  /** Hears of each change after it was made. @returns a function that ends that */
  onChange(listener: (change: ConfigChange) => void): () => void;
  /** Hears of each edit that was wrong and changed nothing. @returns a function that ends that */
  onRefused(listener: (layer: ConfigLayerState) => void): () => void;
}

export interface ConfigOrigin {
  readonly source: ConfigLayerName;
  /** `/etc/signalbox.json`, `SIGNALBOX__GATEWAY__SESSIONS__MAX`, `signalbox/config`. */
  readonly where: string;
}

export interface ConfigLayerState extends ConfigOrigin {
  /** `refused`: its newest text is wrong, and the one before holds. `away`: it does not answer, and its last word holds. */
  readonly state: 'ok' | 'empty' | 'refused' | 'away';
  /** Why it was refused, or is away. */
  readonly problems: readonly ConfigProblem[];
}

export interface ConfigChange {
  /** The layers that changed. */
  readonly sources: readonly ConfigOrigin[];
  /** The documents before and after. */
  readonly before: ConfigTree;
  readonly after: ConfigTree;
}

/** Configuration that is kept elsewhere, such as in Consul, and watched there. */
export interface RemoteConfig {
  /** What it is called in messages. */
  readonly where: string;
  /**
   * @returns undefined when there is none
   * @throws ConfigError when what is there cannot be right; another error when it cannot be asked
   */
  load(): Promise<ConfigTree | undefined>;
  /** Tells what is there at once and after each change. @returns a function that ends the watch */
  watch(listener: RemoteConfigListener): () => void;
  close(): Promise<void>;
}

export interface RemoteConfigListener {
  changed(value: ConfigTree | undefined): void;
  /** What is there now cannot be right. */
  refused(error: Error): void;
  /** It does not answer; it is tried again. */
  away(error: Error): void;
}
