import { Injectable } from '@nestjs/common';
import type { CallToolResult, Tool, ToolProvider } from '@signalbox/mcp-endpoint';
import { ProblemException } from '@signalbox/nest-kit';
import * as z from 'zod';
import { ClusterReader } from '../cluster/cluster-reader.js';
import { PastServers } from '../servers/past-servers.js';
import type { ServerAnswer } from '../servers/server-answer.js';
import { ServerCatalogue } from '../servers/server-catalogue.js';
import { ServiceFinder } from '../services/service-finder.js';
import { INPUTS, OUTPUTS, TEXTS, type ToolInput, type ToolName } from './tool-schemas.js';

type Answers = { readonly [N in ToolName]: (input: ToolInput<N>) => Promise<object> };

/** What the registry knows, as tools that only read: so that an agent can ask what exists, and what existed. */
@Injectable()
export class RegistryTools implements ToolProvider {
  readonly tools: readonly Tool[] = (Object.keys(INPUTS) as ToolName[]).map((name) => ({
    name,
    title: TEXTS[name][0],
    description: TEXTS[name][1],
    inputSchema: z.toJSONSchema(INPUTS[name], { io: 'input' }) as Tool['inputSchema'],
    outputSchema: z.toJSONSchema(OUTPUTS[name]) as NonNullable<Tool['outputSchema']>,
    annotations: { title: TEXTS[name][0], readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  }));

  readonly #answers: Answers = {
    find_services: async ({ asOf, ...query }) => ({ services: await this.services.find(defined(query), asOf) }),
    list_servers: async ({ state, asOf }) => {
      const all = await this.#servers(asOf);
      return { servers: all.filter((server) => state === undefined || server.state === state).map(summaryOf) };
    },
    get_server: async ({ name, asOf }) => {
      const server = asOf === undefined ? this.catalogue.get(name) : await this.past.get(name, asOf);
      if (server) return { server };
      const names = (await this.#servers(asOf)).map((known) => known.name);
      const detail = `there is no server ${name}; there are: ${names.join(', ') || 'none'}`;
      throw new ProblemException(404, 'Not Found', { detail });
    },
    cluster_view: async ({ asOf }) => ({ cluster: await this.cluster.read(asOf) }),
    find_tools: async ({ query, server, limit, asOf }) => {
      const words = query.toLowerCase().split(/\s+/).filter(Boolean);
      const found = (await this.#servers(asOf))
        .filter(({ name }) => server === undefined || name === server)
        .flatMap(({ name, state, tools }) => tools.map((tool) => ({ server: name, serverState: state, ...tool })))
        .filter((tool) => {
          const text = [tool.server, tool.name, tool.title, tool.description].join(' ').toLowerCase();
          return words.every((word) => text.includes(word));
        });
      return { tools: found.slice(0, limit), total: found.length };
    },
  };

  constructor(
    private readonly services: ServiceFinder,
    private readonly catalogue: ServerCatalogue,
    private readonly past: PastServers,
    readonly cluster: ClusterReader,
  ) {}

  async call(name: string, args: Readonly<Record<string, unknown>>): Promise<CallToolResult> {
    const parsed = INPUTS[name as ToolName].safeParse(args);
    if (!parsed.success) return failure(parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')));
    try {
      const answer = await this.#answers[name as ToolName](parsed.data as never);
      // as a client reads it: without what is undefined
      const text = JSON.stringify(answer);
      return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) as Record<string, unknown> };
    } catch (error) {
      if (!(error instanceof ProblemException)) throw error;
      return failure([error.problem.detail ?? error.problem.title]);
    }
  }

  async #servers(asOf: string | undefined): Promise<ServerAnswer[]> {
    return asOf === undefined ? this.catalogue.list() : this.past.list(asOf);
  }
}

const summaryOf = ({ name, state, target, transport, source, tools, lastError, dependsOn }: ServerAnswer): object => ({
  ...{ name, state, target, transport, source, dependsOn },
  tools: tools.length,
  lastError,
});

const failure = (reasons: readonly string[]): CallToolResult => ({
  content: [{ type: 'text', text: reasons.join('; ') }],
  isError: true,
});

/** Without what is undefined: a query says what must hold. */
function defined<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never;
}
