import process from 'node:process';
import type { Logger } from 'pino';
import { ConfigError, describeProblem } from '../config/config-error.js';
import type { LiveConfig } from '../config/live-config.js';
import { loadConfig } from '../config/load-config.js';
import { DataFolderInUseError } from '../ports/data-folder.js';
import { createLogger } from './logger.js';
import { onOrphaned } from './orphan-watch.js';
import { Shutdown } from './shutdown.js';
import { StartError } from './start-error.js';
import { information } from './usage.js';

/** npm passes on a ctrl-C that the terminal has already sent to us: two signals this close together are one wish. */
const SAME_WISH_MS = 1000;

/** What the body of a process is given. */
export interface ProcessScope {
  readonly config: LiveConfig;
  readonly logger: Logger;
  /** Ended in reverse order when the process is asked to stop, or when its start fails. */
  readonly shutdown: Shutdown;
  /** Aborted once the process is to stop: a start that is under way should end. */
  readonly stopping: AbortSignal;
  /** Ends the process with exit code 1, after everything was stopped: it cannot do its work any more. */
  fail(error: Error): void;
}

/**
 * Runs a process from its configuration to its end: SIGINT and SIGTERM stop everything within the drain time and exit
 * with 0 (1 if something did not end); a second signal exits at once; a failed start or an uncaught error is logged, what
 * runs is stopped, and the exit code is 1. Reads `process.env` and `process.argv`.
 * @param body starts things and adds them to `scope.shutdown`; resolves when all of it runs
 */
export async function runProcess(body: (scope: ProcessScope) => Promise<void>): Promise<void> {
  const argv = process.argv.slice(2);
  const asked = information(argv);
  if (asked !== undefined) {
    process.stdout.write(asked);
    return;
  }
  let config: LiveConfig;
  try {
    config = loadConfig({ env: process.env, argv });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  const logger = createLogger(config.process.logging, process.stderr);
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  let begunAt: number | undefined;

  const end = async (code: number): Promise<void> => {
    begunAt = performance.now();
    stopping.abort();
    const { unfinished, failed } = await shutdown.run(config.process.shutdown.drainMs);
    for (const { name, error } of failed) logger.error({ err: error }, `${name} did not stop cleanly`);
    if (unfinished.length > 0) logger.error({ unfinished }, `not stopped within ${config.process.shutdown.drainMs} ms`);
    process.exit(unfinished.length > 0 ? 1 : code);
  };
  const onSignal = (signal: NodeJS.Signals, number: number): void => {
    if (begunAt === undefined) {
      logger.info(`${signal}: stopping`);
      void end(0);
    } else if (performance.now() - begunAt > SAME_WISH_MS) {
      process.exit(128 + number);
    }
  };
  const onCrash = (error: unknown): void => {
    logger.fatal({ err: error }, 'uncaught error');
    if (begunAt === undefined) void end(1);
    else process.exit(1);
  };
  const fail = (error: Error): void => {
    logger.fatal({ err: error }, 'stopping: this process cannot go on');
    if (begunAt === undefined) void end(1);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  onOrphaned(process.env, () => {
    if (begunAt !== undefined) return;
    logger.info('npm has ended: stopping');
    void end(0);
  });
  process.on('uncaughtException', onCrash).on('unhandledRejection', onCrash);

  for (const problem of config.problems)
    logger.warn({ path: problem.path }, `configuration: ${describeProblem(problem)}`);
  try {
    await body({ config, logger, shutdown, stopping: stopping.signal, fail });
  } catch (error) {
    if (begunAt !== undefined) return;
    const expected =
      error instanceof ConfigError || error instanceof DataFolderInUseError || error instanceof StartError;
    if (expected) process.stderr.write(`${error.message}\n`);
    else logger.fatal({ err: error }, 'start failed');
    await end(1);
  }
}
