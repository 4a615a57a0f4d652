import type { ConfigLayerName } from '@signalbox/contracts';

export interface ConfigProblem {
  /** `mcpServers.github.url` */
  readonly path: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
  /** Where the wrong value is: the file, the environment variable, the prefix in Consul. Absent: in the configuration file. */
  readonly where?: string;
  readonly source?: ConfigLayerName;
}

/** Configuration that nothing can be started with. Its message names every problem by path, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join('\n'));
  }
}

/** `mcpServers.github.url: needs an http or https URL`, and where that is when it is not in the file. */
export function describeProblem({ path, message, source, where }: ConfigProblem): string {
  const text = path === '' ? message : `${path}: ${message}`;
  return source === undefined || source === 'file' || where === undefined ? text : `${text} (in ${where})`;
}
