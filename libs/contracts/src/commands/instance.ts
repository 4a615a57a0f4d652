import * as z from 'zod';
import type { InstanceCommandName } from '../events/cluster.js';

/** Topic of the heartbeats of all instances: transient messages, which are not in the log. */
export const INSTANCE_HEARTBEAT = 'heartbeat.instance';

/** Times its interval after which an instance that says nothing counts as silent. */
export const SILENT_AFTER = 3;

const count = z.number().int().nonnegative();

/** How busy an instance is at a moment. */
export const instanceLoadSchema = z.object({
  /** Requests in hand: calls of an executor, open requests and streams of others. */
  running: count,
  /** Requests that wait for something to become free. */
  queued: count,
  /** Requests that it can have in hand. */
  capacity: z.number().int().positive(),
  /** Connections to upstream servers, of an executor. */
  pool: z.object({ open: count, busy: count, waiting: count }).optional(),
  /** How late timers of its process are in the worst one percent since the report before, in milliseconds. */
  eventLoopLagMs: z.number().nonnegative(),
  /** Resident memory of its process, in bytes. */
  memoryBytes: count,
});
export type InstanceLoad = z.infer<typeof instanceLoadSchema>;

/** What an instance tells of itself with each heartbeat. Times are milliseconds since the epoch. */
export const instanceHeartbeatSchema = z.object({
  instanceId: z.string().min(1).max(200),
  serviceName: z.string().min(1).max(100),
  /** ULID of the time that the service was started: another one after each restart. */
  run: z.string().min(1).max(100),
  startedAt: z.number().int(),
  at: z.number().int(),
  /** Time to the next one. */
  intervalMs: z.number().int().positive(),
  load: instanceLoadSchema,
});
export type InstanceHeartbeat = z.infer<typeof instanceHeartbeatSchema>;

/** Topic of the commands of the leader to one instance: transient messages, since the log says what became of each command. */
export const instanceCommands = (instanceId: string): string => `command.instance.${instanceId}`;

/** The leader hands a command out. It may come several times; the log says who does it. */
export interface InstanceCommandMessage {
  readonly commandId: string;
  readonly instanceId: string;
  readonly command: InstanceCommandName;
  readonly who: string;
  readonly why?: string;
  /** Of the stream of commands, with `instance.commanded` as its last event. */
  readonly version: number;
  /** Of the leader: those of a lower one than was seen are refused. */
  readonly term: number;
  /** RFC 3339. */
  readonly deadline: string;
}
