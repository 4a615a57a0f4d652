import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { UpstreamDefinition } from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import { readServer } from '@signalbox/platform';
import type { ConfigProblem, ConfigSource, PortSet, ServerReader } from '@signalbox/ports';
import request, { type Agent } from 'supertest';
import { onTestFinished } from 'vitest';
import { start } from '../src/index.js';

export interface RegistryOptions {
  /** `signalbox.registry` of its configuration. */
  readonly section?: unknown;
  /** Other sections, by name. */
  readonly sections?: Readonly<Record<string, unknown>>;
  readonly instanceId?: string;
  readonly servers?: readonly UpstreamDefinition[];
  readonly problems?: readonly ConfigProblem[];
  readonly env?: Readonly<Record<string, string>>;
  /** Ports of an earlier registry, to start another one over. */
  readonly ports?: PortSet;
}

export interface RunningForTest {
  readonly service: RunningService;
  readonly http: Agent;
  readonly ports: PortSet;
}

/** The real registry on a free port, over a log in memory, for one test. */
export async function registryForTest(options: RegistryOptions = {}): Promise<RunningForTest> {
  const { section, sections = {}, instanceId = 'registry-1', servers = [], problems = [], env = {} } = options;
  const ports = options.ports ?? (await embeddedPortsForTest());
  const service = await start({
    service: 'registry',
    instanceId,
    bind: '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ports,
    config: {
      path: undefined,
      env,
      servers,
      problems,
      section: (name: string) => (name === 'registry' ? section : sections[name]),
      readServer: (name: string, entry: unknown, source: string) => readServer(name, entry, env, source),
    } as ConfigSource & ServerReader,
  });
  onTestFinished(() => service.stop());
  return { service, http: request(service.url) as unknown as Agent, ports };
}

async function embeddedPortsForTest(): Promise<PortSet> {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  // the last to be registered is the first to be run: services stop before their ports close
  onTestFinished(() => ports.close());
  return ports;
}
