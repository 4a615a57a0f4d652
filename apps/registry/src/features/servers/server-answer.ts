import {
  safetyClassSchema,
  SERVER_COMMANDS,
  SERVER_STATES,
  statedClassOf,
  type UpstreamSettings,
} from '@signalbox/contracts';
import { safetyClassOf } from '@signalbox/domain/call';
import { LIFECYCLE_STATES } from '@signalbox/domain/server';
import * as z from 'zod';
import type { KnownServer } from './server-views.js';

export const serverAnswerSchema = z.object({
  name: z.string(),
  state: z.enum(LIFECYCLE_STATES),
  target: z.enum(['running', 'stopped', 'quarantined']).describe('What the operators want of it'),
  lastCommand: z
    .object({ command: z.enum(SERVER_COMMANDS), who: z.string(), why: z.string().optional(), at: z.string() })
    .optional()
    .describe('The last command that it obeyed'),
  dependsOn: z.array(z.string()).describe('Servers that must run before it'),
  degradedReason: z.string().optional(),
  redirectTo: z.string().optional().describe('The server that stands in for it when it has failed'),
  redirect: z
    .object({ to: z.string(), since: z.string(), who: z.string(), why: z.string() })
    .optional()
    .describe('Where its calls go now, when not to itself'),
  transport: z.enum(['stdio', 'http']).optional(),
  source: z.string().optional().describe('The file that configures it, `default`, `built-in` or `api`'),
  definition: z.record(z.string(), z.unknown()).optional().describe('As configured, secrets masked'),
  executors: z.record(z.string(), z.enum(SERVER_STATES)).describe('Executor instance → state there'),
  protocolVersion: z.string().optional(),
  serverInfo: z.record(z.string(), z.unknown()).optional(),
  instructions: z.string().optional(),
  tools: z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      definitionHash: z.string().optional().describe('SHA-256 of the definition in RFC 8785 form'),
      safetyClass: safetyClassSchema,
    }),
  ),
  prompts: z.number().int(),
  resources: z.number().int(),
  resourceTemplates: z.number().int(),
  registeredAt: z.string().optional(),
  startedAt: z.string().optional(),
  catalogueAt: z.string().optional().describe('When the catalogue last changed'),
  stoppedReason: z.string().optional(),
  restarts: z.number().int().describe('Starts after a failure or a loss'),
  lastError: z
    .object({
      error: z.string(),
      executor: z.string(),
      attempt: z.number().int(),
      at: z.string(),
      retryAt: z.string().optional(),
    })
    .nullable()
    .describe('Also when it runs again'),
});
export type ServerAnswer = z.infer<typeof serverAnswerSchema>;

/** @param settings of the server in the present configuration */
export function serverAnswer({ view, restarts }: KnownServer, settings: UpstreamSettings | undefined): ServerAnswer {
  const { server, state, transport, source, definition, life, protocolVersion, serverInfo, instructions } = view;
  const { dependsOn, lastCommand, degradedReason, redirectTo, redirect } = view;
  const { catalogue, registeredAt, startedAt, catalogueAt, stoppedReason, lastError } = view;
  const tools = (catalogue?.tools ?? []).map((tool) => ({
    name: tool.name,
    ...(typeof tool['title'] === 'string' && { title: tool['title'] }),
    ...(typeof tool['description'] === 'string' && { description: tool['description'] }),
    definitionHash: catalogue?.definitionHashes[tool.name],
    safetyClass: safetyClassOf(tool, settings, view.toolClasses, settings?.peer && statedClassOf(tool)),
  }));
  return {
    name: server,
    state,
    target: life.target,
    lastCommand: lastCommand && { ...lastCommand },
    dependsOn: [...dependsOn],
    degradedReason,
    redirectTo,
    redirect: redirect && { ...redirect },
    transport,
    source,
    definition,
    executors: { ...life.executors },
    protocolVersion,
    serverInfo,
    instructions,
    tools,
    prompts: catalogue?.prompts.length ?? 0,
    resources: catalogue?.resourceList?.count ?? catalogue?.resources.length ?? 0,
    resourceTemplates: catalogue?.resourceTemplates.length ?? 0,
    registeredAt,
    startedAt,
    catalogueAt,
    stoppedReason,
    restarts,
    lastError: lastError ?? null,
  };
}
