/** What the program ends with; documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** It was refused, it failed, or a check found something wrong. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nobody answers where the service should be. */
  unreachable: 3,
} as const;

/** Ends the program with a message and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param hints what to do, line by line */
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }
}
