import { Module } from '@nestjs/common';
import { startService, type RunningService, type ServiceContext } from '@signalbox/nest-kit';
import type { ConfigSource, LiveConfiguration, PortSet } from '@signalbox/ports';
import { onTestFinished } from 'vitest';

@Module({})
class NothingOfItsOwn {}

export interface MemberOptions {
  readonly ports: PortSet;
  readonly instanceId?: string;
  readonly live?: Partial<LiveConfiguration>;
  /** Whether something starts it again. */
  readonly restarts?: boolean;
  readonly heartbeatMs?: number;
}

export interface Member {
  /** How often it was started. */
  starts(): number;
  stop(): Promise<void>;
}

/** A monitor without features, which is a member of the cluster as all services are. */
export async function memberForTest(options: MemberOptions): Promise<Member> {
  const { ports, instanceId = 'monitor-1', live, restarts = true, heartbeatMs = 100 } = options;
  let running: RunningService;
  let starts = 0;
  let turn: Promise<void> = Promise.resolve();
  const start = async (): Promise<void> => {
    starts++;
    running = await startService(context, { module: NothingOfItsOwn, title: 'member', description: '' });
  };
  const again = (): void => {
    turn = turn.then(async () => {
      await running.stop();
      await start();
    });
  };
  const context: ServiceContext = {
    service: 'monitor',
    instanceId,
    bind: '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ports,
    heartbeatMs,
    config: { path: undefined, env: {}, servers: [], problems: [], section: () => undefined, live } as ConfigSource,
    ...(restarts && { restart: again }),
  };
  await start();
  const stop = async (): Promise<void> => {
    await turn;
    await running.stop();
  };
  onTestFinished(stop);
  return { starts: () => starts, stop };
}
