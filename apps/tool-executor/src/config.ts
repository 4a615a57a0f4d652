import { parseMiddleware, type MiddlewareEntry } from '@signalbox/middleware';
import type { ConfigSource } from '@signalbox/ports';
import { redactionRulesSchema, type RedactionRules } from '@signalbox/runtime';
import * as z from 'zod';

const ms = (fallback: number, max = 3_600_000) => z.number().int().min(1).max(max).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);
const bytes = (fallback: number) => count(fallback, 1024 * 1024 * 1024);
const KiB = 1024;
const MiB = 1024 * KiB;

/** Section `signalbox.tool-executor` of the configuration file. */
export const executorConfigSchema = z.strictObject({
  /** Commands in hand at the same time, per upstream server. */
  capacityPerServer: count(64, 10_000),
  /** Servers that are started at the same time. */
  startParallel: count(8, 1_000),
  /** Waits between the attempts to bring back a server that is gone. */
  restart: z
    .strictObject({
      minMs: ms(500),
      maxMs: ms(30_000),
      healthyAfterMs: ms(60_000),
      /** Failed attempts in a row after which it is left alone for `cooldownMs`. */
      maxAttempts: count(20, 1_000_000),
      /** How long it is left alone then. */
      cooldownMs: ms(300_000, 86_400_000),
      /** Cool-downs in a row after which it is not tried again, until it is started by a command. */
      maxCooldowns: z.number().int().min(0).max(1_000_000).default(12),
    })
    .prefault({}),
  /** Checks of a server's control connection, by MCP ping or its `health.url`. */
  ping: z
    .strictObject({
      /** Where the server's own `health.intervalMs` does not say. */
      intervalMs: ms(2_000),
      timeoutMs: ms(2_500),
      /** So many unanswered in a row count as its end: it is started again. */
      missed: count(3, 100),
      /** So many unanswered or slow ones in a row make it degraded. */
      warning: count(2, 100),
      /** An answer that takes longer is slow. */
      slowMs: ms(1_000),
    })
    .prefault({}),
  /** How the lists of a server are read. */
  discovery: z
    .strictObject({
      timeoutMs: ms(30_000),
      /** Quiet time after a list_changed before the lists are read again. */
      debounceMs: ms(100),
      /** Least time between two readings that only a change of resources asks for. */
      resourcesMinMs: ms(1_000),
      maxPages: count(200, 10_000),
      maxItems: count(10_000, 100_000),
    })
    .prefault({}),
  /** What holds for the pools of all servers, beside each server's own `signalbox.pool`. */
  pool: z
    .strictObject({
      /** Processes per stdio server, where its own `pool.max` does not say. */
      stdioMax: count(4, 1_000),
      /** Sessions per HTTP server, where its own `pool.max` does not say. */
      httpMax: count(1_000, 10_000),
      /** Requests that wait for a connection, per server. */
      maxWaiting: count(1_000, 100_000),
      validateTimeoutMs: ms(5_000),
      /** How often connections are looked at that nobody uses. */
      sweepMs: ms(10_000),
    })
    .prefault({}),
  /** Servers with several instances. */
  balancing: z
    .strictObject({
      /** The circuit breaker of each instance. */
      breaker: z
        .strictObject({
          /** Failures in a row that open it. */
          failures: count(5, 10_000),
          /** How long it stays open before it is tried; twice as long after each trial that fails. */
          openMs: ms(5_000),
          /** Longest time that it stays open. */
          maxOpenMs: ms(60_000),
        })
        .prefault({}),
      /** Instances that fail much more often than the others get no calls for a while. */
      outlier: z
        .strictObject({
          /** Time between two judgements. */
          intervalMs: ms(1_000),
          /** Requests of this time are counted. */
          windowMs: ms(30_000),
          /** Requests in that time from which on an instance is judged. */
          minRequests: count(20, 1_000_000),
          /** How much higher its share of failures must be than that of all others together. */
          excess: z.number().min(0).max(1).default(0.3),
          /** Share of the instances that may be out at the same time. */
          maxShare: z.number().min(0).max(1).default(0.5),
          /** How long it is out the first time; twice as long each further time. */
          ejectMs: ms(30_000),
          /** Longest time that it is out. */
          maxEjectMs: ms(300_000),
        })
        .prefault({}),
      /** How long a call that may be sent to another instance waits for its share of the retry budget. */
      retryWaitMs: ms(10_000),
    })
    .prefault({}),
  /** Further connections tried for a call of which no byte was sent. */
  retriesUnsent: z.number().int().min(0).max(10).default(2),
  /** Progress events of one call in the log, per second; the last one is always there. Clients hear all. */
  progressPerSecond: count(10, 1_000),
  /** Unanswered requests of a server to the client of one call. */
  maxReverseRequests: count(100, 10_000),
  /** Times that a modern server may ask for input in the course of one request of a client of the legacy era. */
  maxInputRounds: count(10, 1_000),
  /** Events that `queued` durability lets wait for the log before calls wait for it. */
  maxQueuedAppends: count(10_000, 1_000_000),
  /** Larger arguments and results go to the blob store. */
  inlineBytes: bytes(64 * KiB),
  /** Starting and ending single servers while the service runs. */
  lifecycle: z
    .strictObject({
      /** How long running calls may go on when their server is drained, replaced or removed. */
      drainMs: ms(30_000),
      /** How long a server that was removed by the API refuses calls, before gateways that have not heard of it find nobody. */
      removedMs: ms(2_000, 60_000),
      /** How long the start of a server waits for those that it depends on, before it counts as failed and is tried again. */
      dependencyWaitMs: ms(30_000),
    })
    .prefault({}),
  /** How long running calls may go on when the service stops. */
  drainMs: ms(10_000),
  /** Calls whose executor or gateway was lost. */
  recovery: z
    .strictObject({
      /** Calls that may be run again after their executor was lost, as a share of the calls taken. */
      retryBudget: z.number().min(0).max(1).default(0.2),
      /** Runs that the budget may save up; it begins with these. */
      retryBurst: count(10, 10_000),
      /** Of calls that wait to be sent to another instance, so many per second are, whatever the budget has; unless it is 0. */
      retriesPerSecond: count(10, 10_000),
      /** How often a redelivered call is looked at whose executor still lives. */
      followMs: ms(100, 60_000),
      /** Redelivered calls that are followed at the same time; further ones are left to their executors. */
      maxFollowed: count(64, 10_000),
      /** How often the sweeper looks at open calls. */
      sweepMs: ms(1_000, 60_000),
      /** Age of a request at which the sweeper looks at it first; then after twice the time, and so on. */
      requeueAfterMs: ms(2_000),
      /** After the deadline, before the sweeper ends what nobody claimed. */
      graceMs: ms(5_000),
      /** After the deadline, before the sweeper gives up a call whose executor lives. */
      overdueMs: ms(30_000),
      /** Calls without an outcome that the sweeper keeps in mind; the oldest makes room. */
      maxOpenCalls: count(50_000, 1_000_000),
      /** Age of the oldest request of before its start that the sweeper looks at. */
      lookBackMs: ms(900_000, 86_400_000),
      /** How many of those it looks at: the newest. */
      maxLookedBack: count(20_000, 1_000_000),
    })
    .prefault({}),
  /** Tokens of servers with `auth` in their entry. */
  oauth: z
    .strictObject({
      /** Where browsers reach this service; its port on the loopback address when absent. */
      publicUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** Bound on each request to an authorization server. */
      timeoutMs: ms(10_000),
      /** How long an authorization waits for its human before another is begun. */
      pendingMs: ms(600_000),
    })
    .prefault({}),
  /** What is kept, in memory, of what each stdio server writes to its standard error. */
  serverOutput: z
    .strictObject({
      /** The newest lines. */
      maxLines: count(1_000, 100_000),
      /** Of one line; the rest of it is left out. */
      maxLineChars: count(4_000, 100_000),
    })
    .prefault({}),
  upstream: z
    .strictObject({
      maxLineBytes: bytes(16 * MiB),
      maxUnreadBytes: bytes(64 * MiB),
      stderrBytes: bytes(8 * KiB),
      maxAnswerBytes: bytes(32 * MiB),
      maxSockets: count(256, 100_000),
      closeGraceMs: ms(2_000),
      streamRetryMs: ms(1_000),
      /** Wait for a stdio server's answer to `server/discover` before `initialize` is sent as well. */
      probeMs: ms(3_000),
    })
    .prefault({}),
});

export type ExecutorSettings = z.infer<typeof executorConfigSchema>;
export interface ExecutorConfig extends ExecutorSettings {
  readonly redaction: RedactionRules;
  /** Of gateway and executor. */
  readonly middleware: readonly MiddlewareEntry[];
}

/** The executor's sections of the configuration file. @throws Error that names each wrong value by its path and what is allowed */
export function parseExecutorConfig(source: Pick<ConfigSource, 'section'>): ExecutorConfig {
  const settings = parseSection(executorConfigSchema, source, 'tool-executor');
  const redaction = parseSection(redactionRulesSchema, source, 'redaction');
  return { ...settings, redaction, middleware: parseMiddleware(source.section('middleware')) };
}

function parseSection<S extends z.ZodType>(of: S, source: Pick<ConfigSource, 'section'>, name: string): z.infer<S> {
  const parsed = of.safeParse(source.section(name) ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['signalbox', name, ...path].join('.')}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
