import type { EventType, RecordedEvent } from '@signalbox/contracts';

const MAX_DESCRIPTION_CHARACTERS = 400;

export interface ToolOverview {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
}

/** What the dashboard shows of one upstream server. */
export interface ServerOverview {
  readonly name: string;
  readonly state: 'registered' | 'running' | 'failed' | 'stopped';
  readonly transport?: string;
  readonly version?: string;
  readonly lastError?: string;
  readonly changedAt: string;
  readonly tools: readonly ToolOverview[];
  readonly prompts: number;
  readonly resources: number;
}

export const SERVER_EVENT_TYPES = [
  'server.registered',
  'server.removed',
  'server.started',
  'server.failed',
  'server.stopped',
  'catalogue.changed',
] as const satisfies readonly EventType[];

/** The servers with one more event in them; other events change nothing. */
export function foldServer(servers: Map<string, ServerOverview>, event: RecordedEvent): void {
  const time = event.time;
  switch (event.type) {
    case 'server.registered':
      return put(servers, event.data.server, time, { state: 'registered', transport: event.data.transport });
    case 'server.removed':
      return void servers.delete(event.data.server);
    case 'server.started': {
      const { version } = event.data.serverInfo;
      return put(servers, event.data.server, time, { state: 'running', version, lastError: undefined });
    }
    case 'server.failed':
      return put(servers, event.data.server, time, { state: 'failed', lastError: event.data.error });
    case 'server.stopped':
      return put(servers, event.data.server, time, { state: 'stopped' });
    case 'catalogue.changed': {
      const { server, tools, prompts, resources, resourceList, part } = event.data;
      // what one event does not hold goes on in the next
      const before = part && part.index > 0 ? servers.get(server) : undefined;
      return put(servers, server, time, {
        tools: [...(before?.tools ?? []), ...tools.map(toolOf)],
        prompts: (before?.prompts ?? 0) + prompts.length,
        resources: (before?.resources ?? 0) + (resourceList?.count ?? resources.length),
      });
    }
    default:
  }
}

function put(
  servers: Map<string, ServerOverview>,
  name: string,
  changedAt: string,
  change: Partial<ServerOverview>,
): void {
  const empty: ServerOverview = { name, state: 'registered', changedAt, tools: [], prompts: 0, resources: 0 };
  servers.set(name, { ...(servers.get(name) ?? empty), ...change, changedAt });
}

function toolOf({ name, title, description }: { name: string; title?: unknown; description?: unknown }): ToolOverview {
  return {
    name,
    ...(typeof title === 'string' ? { title: title.slice(0, MAX_DESCRIPTION_CHARACTERS) } : {}),
    ...(typeof description === 'string' ? { description: description.slice(0, MAX_DESCRIPTION_CHARACTERS) } : {}),
  };
}
