import { newId } from '@signalbox/contracts';
import type { EventLog } from '@signalbox/runtime';
import type { ServiceContext } from '../service-context.js';
import { Heartbeat } from './heartbeat.js';
import { InstanceCommands } from './instance-commands.js';
import type { LoadMeter } from './load-meter.js';

/** What an instance does as a member of the cluster: it tells its load, and obeys the leader. @returns what ends that */
export async function joinCluster(
  context: ServiceContext,
  log: EventLog,
  meter: LoadMeter,
  capacity: number,
): Promise<() => Promise<void>> {
  const run = newId();
  const commands = new InstanceCommands(context, run, log);
  await commands.start();
  const heartbeat = new Heartbeat(context, run, meter, capacity);
  heartbeat.start();
  return async () => {
    heartbeat.stop();
    await commands.stop();
  };
}
