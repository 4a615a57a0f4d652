import type { ServiceName } from '@signalbox/contracts';
import type { ConfigSource, InstanceLeases, PortSet } from '@signalbox/ports';
import type { EventLogOptions } from '@signalbox/runtime';
import type { Logger } from 'pino';

/** All that a service is given; it takes nothing from its surroundings by itself. */
export interface ServiceContext {
  readonly service: ServiceName;
  /** Names the instance in the log, on the bus and in the directory, and its own partition: `gateway-1`. */
  readonly instanceId: string;
  /** Address to listen on. */
  readonly bind: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Name or address that others reach it by, for the directory. Default: the address it listens on. */
  readonly advertise?: string;
  readonly version: string;
  /** With leases when several processes write to the log; without, this process is the only one. */
  readonly ports: PortSet & { readonly leases?: InstanceLeases | undefined };
  readonly config: ConfigSource;
  /** How long the log is waited for, and what is kept while it is away; the defaults of the runtime when absent. */
  readonly log?: Pick<EventLogOptions, 'timeoutMs' | 'maxKept' | 'maxKeptBytes'>;
  /** Time between two reports of the load, milliseconds; 5000 when absent. */
  readonly heartbeatMs?: number;
  /** Ends this service in an orderly way and starts it again, in this process; returns at once. Absent where nobody does that. */
  readonly restart?: () => void;
  /** Silent when absent. */
  readonly logger?: Logger;
}

export interface RunningService {
  readonly service: ServiceName;
  readonly url: string;
  /** Takes no new work, finishes what it has within its drain time, deregisters, closes. Never rejects. */
  stop(): Promise<void>;
}

/** What each `apps/<service>/src/index.ts` exports as `start`. Resolves when the service answers. */
export type StartService = (context: ServiceContext) => Promise<RunningService>;
