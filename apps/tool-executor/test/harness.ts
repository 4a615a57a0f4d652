import {
  EXECUTOR_CONTROL,
  executeQueue,
  gatewayInbox,
  newId,
  newTraceparent,
  upstreamSettingsSchema,
  type ClientContext,
  type ExecuteCommand,
  type ExecutePart,
  type ExecuteReply,
  type ExecutorControl,
  type RecordedEvent,
  type SafetyClass,
  type SessionPush,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { ConfigSource, Consumer, InstanceLeases, PortSet, ServerReader } from '@signalbox/ports';
import type { RunningService } from '@signalbox/nest-kit';
import { readServer } from '@signalbox/platform';
import { vi } from 'vitest';
import { start } from '../src/index.js';

/** Waits until a check passes, long enough for a busy machine. */
export const until = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 15_000, interval: 20 });

export const GATEWAY = 'gateway-1';

export type OpenPorts = PortSet & { close(): Promise<void> };

export const openPorts = (): Promise<OpenPorts> => createEmbeddedPorts({ dataDir: ':memory:' });

export function definition(
  name: string,
  target: UpstreamDefinition['target'],
  settings: Record<string, unknown> = {},
): UpstreamDefinition {
  return { name, target, settings: upstreamSettingsSchema.parse(settings), source: 'spec' };
}

/** An executor with real ports, and a gateway's view of it. */
export class Harness {
  readonly pushes: SessionPush[] = [];
  #gateway: Consumer | undefined;

  private constructor(
    readonly ports: OpenPorts,
    readonly service: RunningService,
  ) {}

  static async start(
    servers: readonly UpstreamDefinition[],
    section: Record<string, unknown> = {},
    ports?: OpenPorts & { readonly leases?: InstanceLeases },
    instanceId = 'tool-executor-1',
  ): Promise<Harness> {
    const config: ConfigSource & ServerReader = {
      path: undefined,
      env: process.env,
      servers,
      problems: [],
      section: (name) => (name === 'tool-executor' ? { restart: { minMs: 50, maxMs: 200 }, ...section } : undefined),
      readServer: (name, entry, source) => readServer(name, entry, process.env, source),
    };
    return Harness.startWith(config, ports, instanceId);
  }

  static async startWith(
    config: ConfigSource,
    ports?: OpenPorts & { readonly leases?: InstanceLeases },
    instanceId = 'tool-executor-1',
  ): Promise<Harness> {
    const own = ports ?? (await openPorts());
    const common = { service: 'tool-executor', bind: '127.0.0.1', port: 0, version: '0.0.0' } as const;
    const service = await start({ ...common, instanceId, ports: own, config });
    const harness = new Harness(own, service);
    if (instanceId !== 'tool-executor-1') return harness;
    harness.#gateway = await own.bus.consume({ name: gatewayInbox(GATEWAY), exclusive: true }, (delivery) => {
      harness.pushes.push(delivery.body as SessionPush);
    });
    return harness;
  }

  async stopService(): Promise<void> {
    await this.service.stop();
    await this.#gateway?.cancel();
  }

  async stop(): Promise<void> {
    await this.stopService();
    await this.ports.close();
  }

  /** A tool call as the gateway sends it. */
  call(
    server: string,
    tool: string,
    args: object = {},
    options: {
      callId?: string;
      client?: Partial<ClientContext>;
      deadlineMs?: number;
      safetyClass?: SafetyClass;
      meta?: object;
      onPart?: (part: ExecutePart) => void;
    } = {},
  ): Promise<ExecuteReply> {
    const callId = options.callId ?? newId();
    const { meta, safetyClass = 'unsafe' } = options;
    const call = { callId, attempt: 1, tool, safetyClass, requestedAt: Date.now() };
    const params = { name: tool, arguments: args, ...(meta ? { _meta: meta } : {}) };
    return this.send({ requestId: callId, server, method: 'tools/call', params, call }, options);
  }

  request(server: string, method: string, params?: Record<string, unknown>, client: Partial<ClientContext> = {}) {
    return this.send({ requestId: newId(), server, method, params }, { client });
  }

  async send(
    command: Pick<ExecuteCommand, 'requestId' | 'server' | 'method' | 'params' | 'call'>,
    options: { client?: Partial<ClientContext>; deadlineMs?: number; onPart?: (part: ExecutePart) => void } = {},
  ): Promise<ExecuteReply> {
    const deadline = Date.now() + (options.deadlineMs ?? 15_000);
    const body: ExecuteCommand = {
      ...command,
      client: { principal: 'tester', gateway: GATEWAY, ...options.client },
      deadline,
      traceparent: newTraceparent(),
    };
    const reply = await this.ports.bus.request(
      executeQueue(command.server),
      { id: newId(), type: 'execute', body },
      { deadline: deadline + 1_000, onPart: (part) => options.onPart?.(part as ExecutePart) },
    );
    return reply as ExecuteReply;
  }

  control(body: ExecutorControl): Promise<void> {
    return this.ports.bus.publish({ id: newId(), type: EXECUTOR_CONTROL, body }, { persistent: false });
  }

  answer(inbox: string, body: ExecutorControl): Promise<void> {
    return this.ports.bus.send(inbox, { id: newId(), type: 'control', body });
  }

  /** Events of one call, or of one type. */
  async events(query: { correlationId?: string; type?: string; stream?: string }): Promise<RecordedEvent[]> {
    const page = await this.ports.events.find({ ...query, limit: 1000 });
    return page.items.map(({ event }) => event);
  }
}
