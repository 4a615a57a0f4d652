import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import {
  createEvent,
  newId,
  newTraceparent,
  pinnedStream,
  type EventData,
  type EventType,
  type NewEvent,
  type ServiceName,
} from '@signalbox/contracts';
import type { ConfigSource, PortSet } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { waitFor } from '@signalbox/testing';
import supertest from 'supertest';
import { start } from '../src/index.js';

/** A monitor that really listens, on embedded ports of its own. */
export interface TestMonitor {
  readonly url: string;
  readonly ports: PortSet;
  readonly http: ReturnType<typeof supertest>;
  /** May be called again. */
  stop(): Promise<void>;
}

/** @param options.dataDir a folder; default in memory. @param options.monitor the section `signalbox.monitor` */
export async function startMonitor(
  options: { dataDir?: string; monitor?: unknown; port?: number } = {},
): Promise<TestMonitor> {
  const ports = await createEmbeddedPorts({ dataDir: options.dataDir ?? ':memory:' });
  const config: ConfigSource = {
    path: undefined,
    env: {},
    servers: [],
    problems: [],
    section: (name) => (name === 'monitor' ? options.monitor : undefined),
  };
  const context = {
    instanceId: 'monitor-1',
    bind: '127.0.0.1',
    port: options.port ?? 0,
    version: '0.0.0-test',
    ports,
    config,
  } as const;
  const service = await start({ service: 'monitor', ...context });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await service.stop();
    await ports.close();
  };
  return { url: service.url, ports, http: supertest(service.url), stop: () => (stopping ??= stop()) };
}

/** Resolves when the projection of calls has everything that is in the log now. */
export async function projected(monitor: TestMonitor): Promise<void> {
  const heads = await monitor.ports.events.partitions();
  await waitFor(async () => {
    const { body } = await monitor.http.get('/projections');
    const { checkpoint } = (body as { projections: { checkpoint: Record<string, number> }[] }).projections[0]!;
    return heads.every(({ partition, position }) => (checkpoint[partition] ?? 0) >= position);
  });
}

/** A writer of the log as one service has it. */
export const logOf = (ports: PortSet, service: ServiceName): EventLog =>
  new EventLog(ports.events, { service, actor: `${service}-1` });

export interface RecordedCall {
  readonly callId: string;
  readonly traceparent: string;
}

type Requested = EventData<'tool.call.requested'>;

/** Appends `tool.call.requested` as a gateway does. */
export async function requestCall(ports: PortSet, about: Partial<Requested> = {}): Promise<RecordedCall> {
  const callId = newId();
  const traceparent = newTraceparent();
  const data: Requested = {
    callId,
    server: 'files',
    tool: 'read_file',
    calledAs: 'files__read_file',
    safetyClass: 'read',
    arguments: { path: 'a.txt' },
    principal: 'alice',
    via: 'mcp',
    deadline: new Date(Date.now() + 60_000).toISOString(),
    ...about,
  };
  await logOf(ports, 'gateway').append({
    stream: pinnedStream('call', 'gateway-1', callId),
    expectedVersion: 0,
    events: [createEvent('tool.call.requested', data)],
    commitId: `${callId}.requested`,
    metadata: { correlationId: callId, traceparent },
  });
  return { callId, traceparent };
}

type AttemptEvent = 'started' | 'progressed' | 'completed' | 'failed' | 'cancelled' | 'expired' | 'outcome_unknown';

/** Appends one event of an attempt as an executor does. */
export async function appendAttempt<K extends AttemptEvent>(
  ports: PortSet,
  { callId, traceparent }: RecordedCall,
  kind: K,
  data: Omit<EventData<`tool.call.${K}`>, 'callId' | 'attempt'>,
  attempt = 1,
): Promise<void> {
  const event: NewEvent = createEvent(`tool.call.${kind}` as EventType, { callId, attempt, ...data } as never);
  await logOf(ports, 'tool-executor').append({
    stream: pinnedStream('attempt', 'tool-executor-1', `${callId}.${attempt}`),
    expectedVersion: 'any',
    events: [event],
    commitId: `${callId}.${attempt}.${event.id}`,
    metadata: { correlationId: callId, traceparent },
  });
}

/** A call from request to result. */
export async function completeCall(
  ports: PortSet,
  about: Partial<Requested> = {},
  outcome: { result?: unknown; isError?: boolean } = {},
): Promise<RecordedCall> {
  const call = await requestCall(ports, about);
  const { server = 'files', tool = 'read_file' } = about;
  await appendAttempt(ports, call, 'started', { server, tool, executor: 'tool-executor-1', waitedMs: 0.4 });
  const { result = { content: [{ type: 'text', text: 'hello' }] }, isError = false } = outcome;
  await appendAttempt(ports, call, 'completed', { result, isError, durationMs: 2.5 });
  return call;
}

/** Appends an event of an upstream server's stream. */
export async function appendServerEvent<
  T extends 'server.registered' | 'server.started' | 'server.failed' | 'catalogue.changed',
>(ports: PortSet, type: T, data: EventData<T> & { readonly server: string }): Promise<void> {
  await logOf(ports, type === 'server.registered' ? 'registry' : 'tool-executor').append({
    stream: `upstream-${data.server}`,
    expectedVersion: 'any',
    events: [createEvent(type as EventType, data as never)],
    commitId: newId(),
    metadata: { correlationId: newId() },
  });
}
