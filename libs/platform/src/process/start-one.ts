import type { ServiceName } from '@signalbox/contracts';
import type { StartService } from '@signalbox/nest-kit';
import { ConfigError } from '../config/config-error.js';
import { advertisedHost, bindOf, portOf } from '../config/settings.js';
import type { OpenPorts } from '../ports/create-ports.js';
import { InstanceName } from './instance-name.js';
import type { ProcessScope } from './run-process.js';
import { Restartable } from './restartable.js';
import { startError } from './start-error.js';
import { VERSION } from './version.js';

/**
 * Starts one service on its port, under a name that is its own, and hands its end to the process.
 * @returns the name of the instance
 * @throws StartError saying what the operator can do
 */
export async function startOne(
  service: ServiceName,
  start: StartService,
  ports: OpenPorts,
  scope: ProcessScope,
): Promise<string> {
  const { config, logger, shutdown, fail } = scope;
  try {
    const instanceId = await takeName(service, ports, scope);
    const context = {
      service,
      instanceId,
      bind: bindOf(config.settings, service),
      port: portOf(config.settings, service),
      advertise: advertisedHost(config.settings, service),
      version: VERSION,
      ports,
      config,
      log: config.process.log,
      heartbeatMs: config.process.cluster.heartbeatMs,
      logger: logger.child({ service, ...(ports.leases && { instance: instanceId }) }),
    };
    const running = await Restartable.start({
      start: (restart) => start({ ...context, restart }),
      restarted: () => config.startedAgain(service),
      onFailure: fail,
    });
    shutdown.add(service, () => running.stop());
    return instanceId;
  } catch (error) {
    // a plain Error is written for the operator and says enough; anything else is a fault of ours and needs its stack
    const told = Object.getPrototypeOf(error) === Error.prototype || error instanceof ConfigError;
    logger[told ? 'debug' : 'error']({ err: error, service }, 'start failed');
    throw startError(service, config.settings, error);
  }
}

async function takeName(
  service: ServiceName,
  { leases }: OpenPorts,
  { shutdown, fail }: ProcessScope,
): Promise<string> {
  if (leases === undefined) return `${service}-1`;
  // two instances of one name would write to one partition: rather none, until the process is started anew
  const held = await InstanceName.take(leases, service, fail);
  shutdown.add(`the name ${held.name}`, () => held.release());
  return held.name;
}
