import type { ConfigUpdate, ServiceInstance } from '@signalbox/contracts';

export interface Member extends Pick<ServiceInstance, 'id' | 'serviceName' | 'status' | 'role' | 'capacity'> {
  readonly load?: {
    readonly queued: number;
    readonly eventLoopLagMs: number;
    readonly memoryBytes: number;
    readonly at: string;
    readonly stale: boolean;
  };
}

export interface Cluster {
  readonly leader: { readonly instanceId: string | null };
  readonly instances: readonly Member[];
}

export interface InstanceCommand {
  readonly commandId: string;
  readonly instanceId: string;
  readonly command: string;
  readonly state: 'requested' | 'accepted' | 'completed' | 'failed';
  readonly who: string;
  readonly why?: string;
  readonly requestedAt: string;
  readonly reason?: string;
  readonly config?: ConfigUpdate;
}

export const MEMBER_HEADERS = ['ID', 'STATUS', 'ROLE', 'LOAD', 'QUEUED', 'LAG', 'MEMORY', 'REPORTED'];

export function memberRows({ leader, instances }: Cluster): unknown[][] {
  return instances.map(({ id, status, role, capacity, load }) => [
    id,
    status,
    id === leader.instanceId ? `${role}, leads` : role,
    `${capacity.currentLoad}/${capacity.maxConcurrentRequests}`,
    ...(load === undefined
      ? ['', '', '', 'never']
      : [
          load.queued,
          `${load.eventLoopLagMs} ms`,
          `${Math.round(load.memoryBytes / 2 ** 20)} MiB`,
          load.stale ? `${load.at}, silent since` : load.at,
        ]),
  ]);
}

export const COMMAND_HEADERS = ['TIME', 'INSTANCE', 'COMMAND', 'STATE', 'WHO', 'WHY', 'RESULT'];

export function commandRows(commands: readonly InstanceCommand[]): unknown[][] {
  return commands.map((command) => {
    const { requestedAt, instanceId, state, who, why } = command;
    return [requestedAt, instanceId, command.command, state, who, why ?? '', resultOf(command)];
  });
}

/** What came of a command, in one line. */
export function resultOf({ state, reason, config }: InstanceCommand): string {
  if (state === 'failed') return reason ?? 'failed';
  if (state !== 'completed') return '';
  if (config === undefined) return 'restarted';
  const parts = [
    config.changed.length === 0 ? 'nothing has changed' : `changed: ${config.changed.join(', ')}`,
    ...(config.needsRestart.length === 0 ? [] : [`counts after a restart: ${config.needsRestart.join(', ')}`]),
    ...config.problems.map(({ path, message }) => `wrong, and left as it was: ${path}: ${message}`),
  ];
  return parts.join('; ');
}
