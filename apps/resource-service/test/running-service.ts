import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { RunningService } from '@signalbox/nest-kit';
import type { PortSet } from '@signalbox/ports';
import request, { type Agent } from 'supertest';
import { onTestFinished } from 'vitest';
import { start } from '../src/index.js';

export interface RunningForTest {
  readonly service: RunningService;
  readonly http: Agent;
  readonly ports: PortSet;
  close(): Promise<void>;
}

/**
 * The real service on a free port, over embedded ports.
 * @param section `signalbox.resource-service` of its configuration
 * @param dataDir a folder; default in memory
 */
export async function startResourceService(section?: unknown, dataDir = ':memory:'): Promise<RunningForTest> {
  return startOver(await createEmbeddedPorts({ dataDir }), section);
}

/** The same over ports that the test has made, which are closed with it. */
export async function startOver(
  ports: PortSet & { close(): Promise<void> },
  section?: unknown,
): Promise<RunningForTest> {
  const service = await start({
    service: 'resource-service',
    instanceId: 'resource-service-1',
    bind: '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ports,
    config: { path: undefined, env: {}, servers: [], problems: [], section: () => section },
  });
  const close = async () => {
    await service.stop();
    await ports.close();
  };
  return { service, http: request(service.url) as unknown as Agent, ports, close };
}

/** The same for one test, which closes it. */
export async function resourceServiceForTest(section?: unknown): Promise<RunningForTest> {
  const running = await startResourceService(section);
  onTestFinished(running.close);
  return running;
}
