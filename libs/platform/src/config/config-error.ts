import type { ConfigProblem } from '@signalbox/ports';

/** Configuration that nothing can be started with. Its message names every problem by path, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join('\n'));
  }
}

/** `mcpServers.github.url: needs an http or https URL` */
export function describeProblem(problem: ConfigProblem): string {
  return problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
}
