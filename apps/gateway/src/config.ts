import { MAX_VIA } from '@signalbox/contracts';
import { parseMiddleware, type MiddlewareEntry } from '@signalbox/middleware';
import { redactionRulesSchema } from '@signalbox/runtime';
import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';

const ms = (fallback: number, max = 86_400_000) => z.number().int().min(1).max(max).default(fallback);
const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);
const MIB = 1024 * 1024;

const tokenSchema = z
  .strictObject({
    /** Who the holder of the token is, in the log and in policies. */
    principal: z.string().min(1).max(200),
    /** The token itself; at least 16 characters. */
    token: z.string().min(16).max(4096).optional(),
    /** Its SHA-256 in hex, so that the file need not hold it. */
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
      .optional(),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), 'needs either "token" or "sha256"');

export const gatewayConfigSchema = z.strictObject({
  http: z
    .strictObject({
      /** Host names that clients may use beside the loopback ones: `name` for any port, or `name:port`. */
      allowedHosts: z.array(z.string().min(1).max(300)).max(1000).default([]),
      /** Origins of web pages that may call, beside those on loopback names. */
      allowedOrigins: z
        .array(z.url({ protocol: /^https?$/ }))
        .max(1000)
        .default([]),
      maxBodyBytes: count(4 * MIB, 64 * MIB),
    })
    .prefault({}),
  auth: z.strictObject({ tokens: z.array(tokenSchema).max(10_000).default([]) }).prefault({}),
  sessions: z
    .strictObject({
      max: count(10_000, 1_000_000),
      /** A session without requests and without an open stream is closed after this time. */
      idleMs: ms(1_800_000),
      sweepMs: ms(30_000),
      /** A session that this gateway has not used for so long is compared with the log before it is used again. */
      recheckMs: ms(60_000),
      /** How long a session that was not found is not looked for again. */
      unknownMs: ms(5_000, 600_000),
      /** Sessions that are looked for in the log at the same time; requests for others are refused. */
      maxLookups: count(64, 10_000),
      /** Longest wait for the log to open, find or close a session. */
      storeTimeoutMs: ms(5_000, 600_000),
      /** Events of sessions, the newest, that are looked at for sessions whose gateway was killed: when this one starts, and every `idleMs`. */
      maxLookedBack: count(10_000, 1_000_000),
      maxSubscriptions: count(1_000, 100_000),
      /** Questions of servers that wait for an answer of the client, per session. */
      maxQuestions: count(100, 10_000),
    })
    .prefault({}),
  streams: z
    .strictObject({
      keepAliveMs: ms(15_000),
      /** What clients are told to wait before they come back to a stream that broke. */
      retryMs: ms(1_000, 60_000),
      /** A call that runs longer is answered as a stream, which survives a broken connection. */
      upgradeAfterMs: ms(250, 60_000),
      /** Bytes that may wait for a slow client before its connection is dropped. */
      maxQueuedBytes: count(4 * MIB, 1024 * MIB),
      /** Kept per session for clients that come back. */
      bufferEvents: count(512, 100_000),
      bufferBytes: count(2 * MIB, 1024 * MIB),
      /** Kept for all sessions together. */
      bufferTotalBytes: count(64 * MIB, 16 * 1024 * MIB),
      /** Calls that are followed in the log for clients that came from another gateway. */
      maxFollowed: count(1_000, 100_000),
      /** Shortest pause between two looks at the log for such a call; it grows while nothing happens. */
      followMs: ms(200, 60_000),
      /** How long another attempt may take to follow one whose executor was lost, before the loss is the answer. */
      lostCallMs: ms(5_000, 600_000),
      /** How long after its deadline the outcome of such a call is waited for. */
      overdueMs: ms(60_000, 3_600_000),
    })
    .prefault({}),
  /** Requests of MCP 2026-07-28, which no session stands behind. */
  stateless: z
    .strictObject({
      /** How long a client that was asked something has to come back with its answers. */
      parkedMs: ms(300_000),
      /** Requests that are held for clients that were asked something. */
      maxParked: count(1_000, 100_000),
      /** The same for one principal. */
      maxParkedPerPrincipal: count(250, 100_000),
      /** Open streams of `subscriptions/listen`. */
      maxListens: count(1_000, 1_000_000),
      /** The same for one principal. */
      maxListensPerPrincipal: count(250, 1_000_000),
    })
    .prefault({}),
  /** Calls that become tasks, for clients of MCP 2026-07-28 that take them (extension `io.modelcontextprotocol/tasks`). */
  tasks: z
    .strictObject({
      /** Calls run as tasks at the same time; of further ones clients wait for the result, or are refused where they must not wait. */
      max: count(1_000, 100_000),
      /** The same for one principal. */
      maxPerPrincipal: count(100, 100_000),
      /** How long after its creation a task can be asked for. */
      ttlMs: ms(3_600_000, 2_592_000_000),
      /** How long the call of a task may take; not longer than the task can be asked for. */
      deadlineMs: ms(1_800_000, 2_592_000_000),
      /** How often clients are told to ask for a task. */
      pollIntervalMs: ms(1_000, 3_600_000),
      /** A call that takes longer becomes a task, if neither its tool nor the configuration says otherwise. */
      afterMs: ms(10_000),
      /** How long a server of 2026-07-28 has to ask for input, or to answer, before a call of a tool that says to take long becomes a task. */
      inputWaitMs: ms(1_000, 60_000),
      /** How often it is looked for tasks whose time is over. */
      expirySweepMs: ms(1_000, 3_600_000),
      /** Tasks that are kept in mind until their time is over, and events of tasks that are looked at, the newest, when a gateway begins to see to it. */
      maxLookedBack: count(20_000, 1_000_000),
      /** Tasks whose changes are told on streams of `subscriptions/listen`; of further ones clients hear when they ask. */
      maxWatched: count(1_000, 100_000),
    })
    .prefault({}),
  catalogue: z
    .strictObject({
      pageSize: count(100, 10_000),
      /** A server that is down for longer has what it offers marked as unavailable in the lists. */
      unavailableAfterMs: ms(2_000),
      /** How long what a server that is down offers stays listed. It can be called as soon as the server is back, listed or not. */
      graceMs: ms(600_000),
      /** What clients are told of keeping the lists of servers that do not say it themselves (MCP 2026-07-28). */
      caching: z
        .strictObject({
          /** How long a client may keep a list; 0: not at all. */
          ttlMs: z.number().int().min(0).max(86_400_000).default(5_000),
          /** Whether a cache that several users share may keep a list. */
          cacheScope: z.enum(['public', 'private']).default('private'),
        })
        .prefault({}),
      /** Longest wait at start for the catalogue to reach the end of the log. */
      catchUpMs: ms(10_000),
      /** Changes within this time make one list_changed. */
      settleMs: ms(50, 60_000),
      /** Lists of resources that are too long for the log, and are asked for. */
      longLists: z
        .strictObject({
          /** A list with more items is not taken. */
          maxItems: count(10_000, 100_000),
          /** A list with more pages is not taken. */
          maxPages: count(200, 10_000),
          /** For all pages of one list. */
          timeoutMs: ms(30_000),
          /** First pause before a list that could not be read is read again; it doubles. */
          retryMinMs: ms(500),
          /** Longest such pause. */
          retryMaxMs: ms(30_000),
        })
        .prefault({}),
    })
    .prefault({}),
  calls: z
    .strictObject({
      /** Deadline of requests to servers that have no definition here. */
      deadlineMs: ms(60_000),
      /** Arguments with more bytes of JSON are kept beside the log. */
      inlineBytes: count(64 * 1024, MIB / 2),
      /** Time that running requests get at shutdown. */
      drainMs: ms(5_000, 600_000),
    })
    .prefault({}),
  /** Whether the event log and the bus answer. */
  backends: z
    .strictObject({
      /** How often they are asked. */
      pingMs: ms(1_000, 60_000),
      /** Without an answer for so long they are away: requests that need them are refused at once. */
      pingTimeoutMs: ms(2_000, 60_000),
    })
    .prefault({}),
  /** `/resources/**`. */
  proxy: z
    .strictObject({
      connections: count(32, 1_000),
      connectTimeoutMs: ms(2_000),
      headersTimeoutMs: ms(30_000),
      bodyTimeoutMs: ms(60_000),
    })
    .prefault({}),
});

/** Search in the tools of all servers: as a tool, and as `GET /tools/search`. */
export const searchConfigSchema = z.strictObject({
  /** `also`: beside all tools; `only`: clients list the search and the pinned tools, and call what they find. `off`: no search. */
  mode: z.enum(['off', 'also', 'only']).default('off'),
  /** Tools that stay listed in mode `only`; `*` stands for any characters. */
  pinned: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  /** Tools in an answer that does not ask for a number. */
  limit: count(10, 100),
});

/** Other suites, with which this one shares its catalogue. */
export const federationConfigSchema = z.strictObject({
  /** Whether other suites may come in as peers, at `/peers/<suite>/mcp`. */
  accepts: z.boolean().default(true),
  /** Servers that peers see; `*` stands for any characters. The suite's own services only where they are named outright. */
  exports: z.array(z.string().min(1).max(200)).max(1_000).default(['*']),
  /** Servers that peers do not see, whatever `exports` says. */
  withholds: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  /** Whether peers also see what this suite has from its own peers. */
  transit: z.boolean().default(false),
  /** A request that has come through more suites is refused, and what is further away is not shown. */
  maxHops: count(4, MAX_VIA - 1),
  /** Suites for which a view of the catalogue is kept; the one that has not come for the longest time makes room. */
  maxPeers: count(64, 1_000),
});
export type FederationConfig = z.infer<typeof federationConfigSchema>;

/** @throws Error that names each wrong value by its path */
export function parseFederationConfig(source: Pick<ConfigSource, 'section'>): FederationConfig {
  return parseSection('federation', federationConfigSchema, source);
}

export type GatewayConfig = z.infer<typeof gatewayConfigSchema> & {
  readonly redaction: z.infer<typeof redactionRulesSchema>;
  readonly search: z.infer<typeof searchConfigSchema>;
  /** Of gateway and executor. */
  readonly middleware: readonly MiddlewareEntry[];
};

/**
 * The sections `signalbox.gateway`, `signalbox.redaction`, `signalbox.search` and `signalbox.middleware` of the configuration file.
 * @throws Error that names each wrong value by its path
 */
export function parseGatewayConfig(source: Pick<ConfigSource, 'section'>): GatewayConfig {
  return {
    ...parseSection('gateway', gatewayConfigSchema, source),
    redaction: parseSection('redaction', redactionRulesSchema, source),
    search: parseSection('search', searchConfigSchema, source),
    middleware: parseMiddleware(source.section('middleware')),
  };
}

function parseSection<T extends z.ZodType>(name: string, schema: T, source: Pick<ConfigSource, 'section'>): z.infer<T> {
  const parsed = schema.safeParse(source.section(name) ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['signalbox', name, ...path.map(String)].join('.')}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
