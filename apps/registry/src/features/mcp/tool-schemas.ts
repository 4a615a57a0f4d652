import { SERVICE_STATUSES } from '@signalbox/contracts';
import { LIFECYCLE_STATES } from '@signalbox/domain/server';
import * as z from 'zod';

const MAX_FOUND = 200;

const asOf = z.string().optional().describe('RFC 3339 time such as 2026-11-25T10:00:00Z: answers as things were then');
const name = z.string().min(1).max(100);

/** What each tool takes. */
export const INPUTS = {
  find_services: z.strictObject({
    serviceName: name.optional(),
    status: z.enum(SERVICE_STATUSES).optional(),
    role: z.enum(['master', 'worker', 'specialized']).optional(),
    tags: z.array(z.string().min(1)).max(100).optional().describe('All of them must be among its tags'),
    metadata: z.record(z.string(), z.string()).optional().describe('All of them must be in its metadata'),
    asOf,
  }),
  list_servers: z.strictObject({ state: z.enum(LIFECYCLE_STATES).optional(), asOf }),
  get_server: z.strictObject({ name, asOf }),
  cluster_view: z.strictObject({ asOf }),
  find_tools: z.strictObject({
    query: z.string().max(500).default('').describe('Words that name, title or description must have; none: all tools'),
    server: name.optional().describe('Only tools of this server'),
    limit: z.number().int().min(1).max(MAX_FOUND).default(50),
    asOf,
  }),
} as const;

export type ToolName = keyof typeof INPUTS;
export type ToolInput<N extends ToolName> = z.infer<(typeof INPUTS)[N]>;

const things = z.array(z.looseObject({}));

/** What each tool answers with; the fields within are those of the REST endpoints. */
export const OUTPUTS: Readonly<Record<ToolName, z.ZodType>> = {
  find_services: z.object({ services: things }),
  list_servers: z.object({ servers: things }),
  get_server: z.object({ server: z.looseObject({}) }),
  cluster_view: z.object({ cluster: z.looseObject({}) }),
  find_tools: z.object({ tools: things, total: z.number().int().describe('Also of those beyond the limit') }),
};

export const TEXTS: Readonly<Record<ToolName, readonly [title: string, description: string]>> = {
  find_services: [
    'Find service instances',
    'Running instances of services: where they are, status, role, capacity, load',
  ],
  list_servers: ['List MCP servers', 'The upstream MCP servers: state, how many tools each has, last error'],
  get_server: ['Show one MCP server', 'State, definition, tools and last error of one upstream MCP server'],
  cluster_view: [
    'Show the cluster',
    'All instances with role and load, sums for each service, and which registry leads',
  ],
  find_tools: ['Find tools', 'Tools of all upstream MCP servers by words of their name, title or description'],
};
