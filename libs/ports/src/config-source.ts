import type { UpstreamDefinition } from '@signalbox/contracts';

/** The parsed configuration file and the environment, before a service takes its own section. */
export interface ConfigSource {
  /** Path of the file, or undefined for the built-in default. */
  readonly path: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Upstream servers that are valid and enabled. */
  readonly servers: readonly UpstreamDefinition[];
  /** What is wrong with the others and with unknown keys, each named by its path in the file. */
  readonly problems: readonly ConfigProblem[];
  /** `signalbox.<name>` of the file, unvalidated; undefined when absent. */
  section(name: string): unknown;
}

export interface ConfigProblem {
  /** `mcpServers.github.url` */
  readonly path: string;
  readonly message: string;
}
