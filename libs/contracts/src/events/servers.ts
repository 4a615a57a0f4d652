import * as z from 'zod';
import { safetyClassSchema } from './calls.js';
import { defineEvent } from './define.js';

const server = z.string();
const named = z.looseObject({ name: z.string() });
/** Who wanted it and why, where it came by the API. */
const who = z.string().optional();
const why = z.string().optional();

/** `source` of a server that was defined by the API: its definition in the log is whole, and has no secrets in it. */
export const API_SOURCE = 'api';

/** What an operator can tell a server to do. */
export const SERVER_COMMANDS = ['start', 'stop', 'restart', 'drain', 'quarantine', 'approve'] as const;
export type ServerCommandName = (typeof SERVER_COMMANDS)[number];

/** What a server can be in one executor. */
export const SERVER_STATES = ['starting', 'running', 'degraded', 'failed', 'stopping', 'stopped'] as const;
export type ServerExecutorState = (typeof SERVER_STATES)[number];

/** What a server says of how long, and for whom, an answer may be kept (MCP 2026-07-28, `ttlMs` and `cacheScope`). */
export const cachingHintSchema = z.object({
  /** Milliseconds; 0: not at all. */
  ttlMs: z.number().nonnegative(),
  /** `private`: for the one who asked only. */
  cacheScope: z.enum(['public', 'private']),
});
export type CachingHint = z.infer<typeof cachingHintSchema>;

export const serverRegistered = defineEvent({
  type: 'server.registered',
  title: 'ServerRegistered',
  owners: ['registry'],
  schema: z.object({
    server,
    transport: z.enum(['stdio', 'http']),
    /** The entry as configured; values of `env` and `headers` are replaced by `***`, save where `source` is `api`. */
    definition: z.record(z.string(), z.unknown()),
    source: z.string(),
    who,
    why,
  }),
});

export const serverRemoved = defineEvent({
  type: 'server.removed',
  title: 'ServerRemoved',
  owners: ['registry'],
  schema: z.object({ server, reason: z.string(), who, why }),
});

/** The registry has checked it against the server's state; every executor does as it says. */
export const serverCommanded = defineEvent({
  type: 'server.commanded',
  title: 'ServerCommanded',
  owners: ['registry'],
  schema: z.object({
    server,
    command: z.enum(SERVER_COMMANDS),
    who: z.string(),
    why,
    /** The server that was commanded, where this one has to go before it or after it. */
    because: z.string().optional(),
  }),
});

/** An operator's word on whether a tool may be run again. It goes before the configuration and before the server's own. */
export const serverToolClassified = defineEvent({
  type: 'server.tool.classified',
  title: 'ServerToolClassified',
  owners: ['registry'],
  schema: z.object({
    server,
    /** Its name at its server. */
    tool: z.string(),
    /** `null`: as the configuration says again. */
    class: safetyClassSchema.nullable(),
    who: z.string(),
    why,
  }),
});

export const serverStarted = defineEvent({
  type: 'server.started',
  title: 'ServerStarted',
  owners: ['tool-executor'],
  schema: z.object({
    server,
    executor: z.string(),
    protocolVersion: z.string(),
    serverInfo: z.looseObject({ name: z.string(), version: z.string() }),
    capabilities: z.record(z.string(), z.unknown()),
    instructions: z.string().optional(),
  }),
});

export const serverFailed = defineEvent({
  type: 'server.failed',
  title: 'ServerFailed',
  owners: ['tool-executor'],
  schema: z.object({
    server,
    executor: z.string(),
    error: z.string(),
    attempt: z.number().int(),
    retryInMs: z.number().optional(),
  }),
});

export const serverStopped = defineEvent({
  type: 'server.stopped',
  title: 'ServerStopped',
  owners: ['tool-executor'],
  schema: z.object({ server, executor: z.string(), reason: z.string() }),
});

/** A change of state that no other event tells: a start begins, the server is ill or well again, its end begins. */
export const serverStateChanged = defineEvent({
  type: 'server.state_changed',
  title: 'ServerStateChanged',
  owners: ['tool-executor'],
  schema: z.object({
    server,
    executor: z.string(),
    from: z.enum(SERVER_STATES),
    to: z.enum(SERVER_STATES),
    reason: z.string(),
  }),
});

/**
 * What a server offers, verbatim as it said it; one event per real change, or several when it is too much for one commit.
 * A long list of resources is not in it, see `resourceList`: it may change with each document that somebody writes.
 */
export const catalogueChanged = defineEvent({
  type: 'catalogue.changed',
  title: 'CatalogueChanged',
  owners: ['tool-executor'],
  schema: z.object({
    server,
    tools: z.array(named),
    prompts: z.array(named),
    resources: z.array(z.looseObject({ uri: z.string(), name: z.string().optional() })),
    resourceTemplates: z.array(z.looseObject({ uriTemplate: z.string(), name: z.string().optional() })),
    /** Tool name → SHA-256 of its definition in RFC 8785 form. */
    definitionHashes: z.record(z.string(), z.string()),
    /** Stands for resources that are too many to be here; `resources` is empty then, and who needs them asks an executor. */
    resourceList: z.object({ count: z.number().int(), hash: z.string() }).optional(),
    /** What the server said with each list; absent for servers of revisions that do not say it. */
    caching: z
      .object({
        tools: cachingHintSchema.optional(),
        prompts: cachingHintSchema.optional(),
        resources: cachingHintSchema.optional(),
        resourceTemplates: cachingHintSchema.optional(),
      })
      .optional(),
    /** Of a change that is told in `count` events: its items are those of all of them, in the order of `index`. */
    part: z.object({ id: z.string(), index: z.number().int(), count: z.number().int() }).optional(),
  }),
});

export const toolDefinitionChanged = defineEvent({
  type: 'tool.definition.changed',
  title: 'ToolDefinitionChanged',
  owners: ['tool-executor'],
  schema: z.object({ server, tool: z.string(), previousHash: z.string(), hash: z.string(), definition: named }),
});

const ofInstance = {
  server,
  executor: z.string(),
  /** Its URL, without user, password and query. */ instance: z.string(),
};

/** Whether one of several instances of a server answers, as an executor finds it; `ill` ones get calls only where no other is well. */
export const serverInstanceStateChanged = defineEvent({
  type: 'server.instance.state_changed',
  title: 'ServerInstanceStateChanged',
  owners: ['tool-executor'],
  schema: z.object({
    ...ofInstance,
    from: z.enum(['up', 'ill', 'down']),
    to: z.enum(['up', 'ill', 'down']),
    reason: z.string(),
  }),
});

/** The circuit breaker of one instance opened, is tried, or closed. */
export const serverInstanceBreakerChanged = defineEvent({
  type: 'server.instance.breaker_changed',
  title: 'ServerInstanceBreakerChanged',
  owners: ['tool-executor'],
  schema: z.object({
    ...ofInstance,
    from: z.enum(['closed', 'open', 'half_open']),
    to: z.enum(['closed', 'open', 'half_open']),
    reason: z.string(),
  }),
});

/** An instance that fails much more often than the others gets no calls for a while. */
export const serverInstanceEjected = defineEvent({
  type: 'server.instance.ejected',
  title: 'ServerInstanceEjected',
  owners: ['tool-executor'],
  schema: z.object({ ...ofInstance, forMs: z.number().int().positive(), reason: z.string() }),
});

const redirect = {
  server,
  /** The server that stands in for it. */ to: z.string(),
  /** The registry that leads the recovery. */ who: z.string(),
  why: z.string(),
};

/** Calls of a server that has failed go to another one, that its settings name (`recovery.redirectTo`). */
export const serverRedirected = defineEvent({
  type: 'server.redirected',
  title: 'ServerRedirected',
  owners: ['registry'],
  schema: z.object(redirect),
});

/** Its calls go to itself again. */
export const serverRedirectEnded = defineEvent({
  type: 'server.redirect_ended',
  title: 'ServerRedirectEnded',
  owners: ['registry'],
  schema: z.object(redirect),
});

export const serverEvents = [
  serverRegistered,
  serverRemoved,
  serverCommanded,
  serverToolClassified,
  serverStarted,
  serverFailed,
  serverStopped,
  serverStateChanged,
  serverInstanceStateChanged,
  serverInstanceBreakerChanged,
  serverInstanceEjected,
  serverRedirected,
  serverRedirectEnded,
  catalogueChanged,
  toolDefinitionChanged,
] as const;
