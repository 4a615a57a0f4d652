import { followRollbacks } from '@signalbox/nest-kit';
import { describeProblem } from '@signalbox/ports';
import type { OpenPorts } from '../ports/create-ports.js';
import type { ProcessScope } from './run-process.js';

/** Applies what rollbacks hold in place, as the log has it, before the services start and from then on. */
export async function holdRollbacks(
  { config, logger, shutdown }: Pick<ProcessScope, 'config' | 'logger' | 'shutdown'>,
  { events }: Pick<OpenPorts, 'events'>,
): Promise<void> {
  const follower = await followRollbacks(events, {
    hold: (overlay) => {
      for (const problem of config.hold(overlay)) {
        logger.error({ path: problem.path }, `a rollback cannot be applied here: ${describeProblem(problem)}`);
      }
    },
    onError: (error) => logger.warn({ err: error }, 'rollbacks of the configuration'),
  });
  shutdown.add('rollbacks of the configuration', () => follower.stop());
}
