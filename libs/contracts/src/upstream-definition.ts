import * as z from 'zod';
import { safetyClassSchema } from './events/calls.js';
import { SUITE_ID } from './federation.js';
import type { ServiceName } from './services.js';
import { upstreamAuthSchema, type UpstreamAuth } from './upstream-auth.js';

export const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
/** `forbidden`: never; `optional`: for clients that take tasks; `required`: for no others; `auto`: when a call takes long. */
export const TASK_SUPPORT = ['auto', 'forbidden', 'optional', 'required'] as const;
export type TaskSupport = (typeof TASK_SUPPORT)[number];
const taskSupportSchema = z.enum(TASK_SUPPORT);
const duration = z.number().int().positive().max(86_400_000);
const httpUrl = z.url({ protocol: /^https?$/ });

/** Sending a call of the class `read` to a second instance as well when the first one takes long; the first good answer counts. */
export const hedgeSchema = z
  .strictObject({
    /** So long an answer is waited for. */
    afterMs: duration.optional(),
    /** In place of `afterMs`: so long as this share of the latest calls of the tool has taken, in percent. */
    percentile: z.number().min(50).max(99.9).optional(),
    /** Further instances that one call may be sent to. */
    maxExtra: z.number().int().min(1).max(2).default(1),
  })
  .refine(({ afterMs, percentile }) => (afterMs === undefined) !== (percentile === undefined), {
    error: 'needs either "afterMs" or "percentile"',
  });
export type HedgeSettings = z.infer<typeof hedgeSchema>;

/** How requests are shared out among the instances of one server. */
export const balancingSchema = z
  .strictObject({
    policy: z.enum(['round-robin', 'least-connections', 'weighted', 'consistent-hash']).default('least-connections'),
    /** What belongs together, for `consistent-hash`. */
    hashBy: z.enum(['session', 'principal', 'argument']).default('session'),
    /** Path of the argument for `hashBy: "argument"`, as in `user.id`. */
    argument: z.string().min(1).max(200).optional(),
    /** Requests in flight per instance; further ones go to others, and are refused when all are full. */
    maxInFlight: z.number().int().min(1).max(10_000).default(256),
    /** Second tries for `read` calls that take long; off when absent. */
    hedge: hedgeSchema.optional(),
  })
  .refine(({ hashBy, argument }) => hashBy !== 'argument' || argument !== undefined, {
    path: ['argument'],
    error: 'is missing: hashBy "argument" needs the path of one',
  });
export type BalancingSettings = z.infer<typeof balancingSchema>;

/** One of several instances of an HTTP server. */
export const serverInstanceSchema = z.strictObject({
  url: httpUrl,
  /** Its share by the policies `weighted` and `consistent-hash`. */
  weight: z.number().positive().max(1_000).default(1),
  tags: z.array(z.string().min(1).max(100)).max(20).default([]),
});
export type InstanceSpec = z.infer<typeof serverInstanceSchema>;
const MAX_INSTANCES = 100;

/** What is done about a server that has failed, beyond starting it again. */
export const recoverySchema = z
  .strictObject({
    /** `restart`: it is started again, and nothing else; `redirect`: its calls go to another server meanwhile. */
    strategy: z.enum(['restart', 'redirect'], { error: 'must be one of: restart, redirect' }).default('restart'),
    /** The server that stands in for it: it has the same tools. */
    redirectTo: z.string().regex(SERVER_NAME).optional(),
    /** How long it has failed before its calls go there. */
    redirectAfterMs: duration.default(1_000),
    /** How long it has to be well before its calls come back. */
    wellForMs: duration.default(10_000),
    /** Starts in a row that fail before a cool-down; `signalbox.tool-executor.restart.maxAttempts` when absent. */
    maxAttempts: z.number().int().min(1).max(1_000).optional(),
    /** How long it is left alone then; `signalbox.tool-executor.restart.cooldownMs` when absent. */
    cooldownMs: duration.optional(),
  })
  .refine(({ strategy, redirectTo }) => (strategy === 'redirect') === (redirectTo !== undefined), {
    path: ['redirectTo'],
    error: 'goes with strategy "redirect", and is needed there',
  });
export type RecoverySettings = z.infer<typeof recoverySchema>;

/** Signalbox's own settings of one upstream server, under the key `signalbox` of its entry. Times in milliseconds. */
export const upstreamSettingsSchema = z
  .strictObject({
    pool: z
      .strictObject({
        min: z.number().int().min(0).max(1000).default(1),
        max: z.number().int().min(1).max(10_000).optional(),
        acquireTimeoutMs: duration.default(10_000),
        idleTimeoutMs: duration.default(300_000),
        validateAfterMs: duration.default(30_000),
        /** Who shares sessions with an HTTP server of before 2026-07-28, of those that have none with us: `all` for a server that keeps nothing. */
        share: z.enum(['principal', 'all']).default('principal'),
      })
      .prefault({}),
    deadlineMs: duration.default(60_000),
    connectTimeoutMs: duration.default(15_000),
    /** `modern` is MCP 2026-07-28, `legacy` what came before; found out unless it is said here. */
    era: z.enum(['auto', 'modern', 'legacy']).default('auto'),
    /** The server's own annotations (readOnlyHint, idempotentHint) set safety classes only if it is trusted. */
    trusted: z.boolean().default(false),
    tools: z
      .record(
        z.string(),
        z.strictObject({
          class: safetyClassSchema.optional(),
          durability: z.enum(['ahead', 'queued']).optional(),
          /** Whether calls become tasks, for clients that take them; what the tool says (`execution.taskSupport`) when absent. */
          task: taskSupportSchema.optional(),
        }),
      )
      .default({}),
    /** Servers that must run before this one is started; it is stopped before them. */
    dependsOn: z.array(z.string().regex(SERVER_NAME)).max(50).default([]),
    health: z
      .strictObject({
        /** Asked by GET in place of an MCP ping; well when the answer is 2xx. */
        url: z.url({ protocol: /^https?$/ }).optional(),
        /** Time between two checks; `signalbox.tool-executor.ping.intervalMs` when absent. */
        intervalMs: duration.optional(),
      })
      .prefault({}),
    /** For servers with several instances; the defaults of {@link balancingSchema} when absent. */
    balancing: balancingSchema.optional(),
    /** What is done when it has failed; the defaults of {@link recoverySchema} when absent. */
    recovery: recoverySchema.optional(),
    /** The server is another Signalbox: the two share their catalogues, and calls go across (federation). */
    peer: z
      .strictObject({
        /** The only suite that is taken for it, by its id (`GET /peers` there); the one that answers when absent. */
        suite: z.string().regex(SUITE_ID, 'must be the id of a suite: 26 letters and digits').optional(),
      })
      .optional(),
  })
  .prefault({});
export type UpstreamSettings = z.infer<typeof upstreamSettingsSchema>;

const common = { disabled: z.boolean().default(false), signalbox: upstreamSettingsSchema };
const stringMap = z.record(z.string(), z.string());

const stdioSchema = z.looseObject({
  type: z.literal('stdio').optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: stringMap.default({}),
  cwd: z.string().optional(),
  ...common,
});
const httpCommon = {
  type: z.enum(['http', 'streamable-http', 'streamableHttp', 'sse']).optional(),
  headers: stringMap.default({}),
  auth: upstreamAuthSchema.optional(),
  ...common,
};
const httpSchema = z.looseObject({ url: httpUrl, ...httpCommon });
const urlsSchema = z.looseObject({ urls: z.array(httpUrl).min(1).max(MAX_INSTANCES), ...httpCommon });
const instancesSchema = z.looseObject({
  instances: z.array(serverInstanceSchema).min(1).max(MAX_INSTANCES),
  ...httpCommon,
});
/** Of an entry, in the order of the union: the key that says of which kind it is. */
export const ENTRY_KINDS = ['command', 'url', 'urls', 'instances'] as const;

/** One entry of `mcpServers`, as MCP hosts write it, with our additions under `signalbox`. */
export const upstreamEntrySchema = z.union([stdioSchema, httpSchema, urlsSchema, instancesSchema], {
  error:
    'needs either "command" (a stdio server) or "url" (an HTTP server; "urls" or "instances" where it has several)',
});

export interface StdioTarget {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}
export interface HttpTarget {
  readonly kind: 'http';
  /** Where there are instances: that of the first. */
  readonly url: string;
  /** The instances that calls are shared out among; absent for a server that is in one place. Not empty, no URL twice. */
  readonly instances?: readonly InstanceSpec[];
  readonly headers: Readonly<Record<string, string>>;
  /** How to get the tokens that it wants. */
  readonly auth?: UpstreamAuth;
  /** A service of the suite itself: its instances are where the directory says; `url` is where to look when it names none. */
  readonly service?: ServiceName;
  /** Speaks the transport of 2024-11-05; else Streamable HTTP is tried first. */
  readonly transport?: 'sse';
}

/** A validated upstream server. Values of `env`, `headers` and `auth` are secrets: they never enter the log. */
export interface UpstreamDefinition {
  readonly name: string;
  readonly target: StdioTarget | HttpTarget;
  readonly settings: UpstreamSettings;
  /** Where the definition came from: a file's path, or `default`. */
  readonly source: string;
}
