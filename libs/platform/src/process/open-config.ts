import { ConsulConfigSource } from '@signalbox/adapter-consul';
import type { SectionChecks } from '@signalbox/nest-kit';
import { ConfigError, describeProblem, type ConfigProblem, type RemoteConfig } from '@signalbox/ports';
import type { Logger } from 'pino';
import type { LiveConfig } from '../config/live-config.js';
import { reloadFile } from '../config/load-config.js';
import { PROCESS_SECTIONS } from '../config/process-settings.js';
import { shownUrl } from '../config/server-urls.js';
import { watchConfigFile } from '../config/watch-file.js';
import { waitForServer } from '../ports/wait-for-server.js';
import { setLevel } from './logger.js';
import type { ProcessScope } from './run-process.js';

/**
 * Completes the configuration of a process before anything is opened with it: Consul's part is added, every section is
 * checked by the service that it is for, and from then on the sources are watched.
 * @param checks how the services of this process validate their sections, by name
 * @throws ConfigError naming each wrong value in a section by its path and its source
 * @throws StartError when adapters of this process work with Consul, and it does not answer in time
 */
export async function openConfig(
  scope: Pick<ProcessScope, 'config' | 'logger' | 'shutdown' | 'stopping'>,
  checks: SectionChecks,
): Promise<void> {
  const { config, logger, shutdown } = scope;
  const wrong = config.use(checks);
  if (wrong.length > 0) throw new ConfigError(wrong);
  const consul = await addConsul(scope);
  setLevel(logger, config.process.logging.level);
  report(config, logger);
  const { path } = config;
  if (path !== undefined) config.addSource(() => reloadFile(config, path));
  if (consul !== undefined) config.addSource(() => reloadConsul(config, consul));
  if (!config.process.config.watch) return;
  if (path !== undefined) {
    const end = watchConfigFile(path, config.process.config, () => reloadFile(config, path));
    shutdown.add('watch of the configuration file', async () => end());
  }
  if (consul !== undefined) watch(config, consul);
}

/** Nobody can be asked at the start whether it is right: what is wrong in Consul is left out, and said. */
async function addConsul({
  config,
  logger,
  shutdown,
  stopping,
}: Parameters<typeof openConfig>[0]): Promise<RemoteConfig | undefined> {
  const url = config.settings.servers.CONSUL_URL;
  if (url === undefined) return undefined;
  const source = new ConsulConfigSource({ url, prefix: config.settings.consulPrefix });
  shutdown.add('configuration in Consul', () => source.close());
  const { where } = source;
  const isNeeded = config.adapters.directory === 'consul' || config.adapters.leader === 'consul';
  const add = (value: Parameters<LiveConfig['add']>[0]['value'], problems: readonly ConfigProblem[] = []): void => {
    for (const problem of [...config.add({ source: 'consul', where, value }), ...problems]) {
      logger.warn({ path: problem.path }, `configuration: ${describeProblem(problem)}; it is left out`);
    }
  };
  try {
    add(
      await waitForServer(() => source.load(), {
        what: `consul at ${shownUrl(url)} (CONSUL_URL)`,
        waitMs: isNeeded ? config.process.startup.waitMs : 0,
        onWaiting: (what, error) => logger.warn(`waiting for ${what}: ${error.message}`),
        signal: stopping,
      }),
    );
  } catch (error) {
    if (error instanceof ConfigError) {
      add(undefined, error.problems);
      config.refuse('consul', error.problems);
    } else if (isNeeded) throw error;
    else {
      add(undefined);
      away(config, where, error as Error);
      logger.warn(`configuration: ${(error as Error).message}; what is in Consul counts when it answers`);
    }
  }
  return source;
}

/** @throws Error when it does not answer */
async function reloadConsul(config: LiveConfig, source: RemoteConfig): Promise<void> {
  try {
    config.update('consul', await source.load());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    config.refuse('consul', error.problems);
  }
}

function watch(config: LiveConfig, source: RemoteConfig): void {
  source.watch({
    changed: (value) => void config.update('consul', value),
    refused: (error) =>
      config.refuse('consul', error instanceof ConfigError ? error.problems : [messageOf(error, source.where)]),
    away: (error) => away(config, source.where, error),
  });
}

const away = (config: LiveConfig, where: string, error: Error): void =>
  config.refuse('consul', [messageOf(error, where)], 'away');
const messageOf = ({ message }: Error, where: string): ConfigProblem => ({
  path: '',
  message,
  source: 'consul',
  where,
});

/** Says what is changed, what is refused, and what waits for a restart. */
function report(config: LiveConfig, logger: Logger): void {
  let waiting = config.needsRestart();
  config.onChange(({ sources }) => {
    logger.info({ sources: sources.map(({ where }) => where) }, 'the configuration has changed');
    setLevel(logger, PROCESS_SECTIONS.logging(config).level);
    const now = config.needsRestart();
    const more = now.filter((path) => !waiting.includes(path));
    waiting = now;
    if (more.length > 0) logger.warn({ paths: more }, 'changed, and read at the start only: a restart is needed');
  });
  config.onRefused(({ where, problems }) => {
    for (const problem of problems) {
      logger.error(
        { where, path: problem.path },
        `configuration refused, what was before goes on: ${describeProblem(problem)}`,
      );
    }
  });
}
