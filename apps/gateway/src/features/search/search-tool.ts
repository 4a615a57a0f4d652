import { ErrorCode, rpcError, type McpRequest, type Outcome } from '@signalbox/mcp';
import * as z from 'zod';
import type { Caller } from '../../caller.js';
import type { LocalAnswers } from '../call-tool/local-answers.js';
import type { OwnTool, ToolEntry } from '../catalogue/catalogue-view.js';
import type { FoundTool } from './tool-index.js';

const SERVER = 'signalbox';
const NAME = 'search_tools';
export const SEARCH_TOOL = `${SERVER}__${NAME}`;
const MAX_QUERY = 1_000;
const MAX_LIMIT = 100;
const DEADLINE_MS = 10_000;

const argumentsSchema = z.strictObject({
  query: z.string().trim().min(1).max(MAX_QUERY),
  limit: z.number().int().min(1).max(MAX_LIMIT).optional(),
});

/** The search as a tool, for clients that cannot hold all tools: what it finds can be called at once. */
export class SearchTool implements OwnTool {
  readonly definition;
  readonly #entry: ToolEntry;

  constructor(
    private readonly find: (query: string, limit: number) => readonly FoundTool[],
    private readonly answers: LocalAnswers,
    private readonly defaultLimit: number,
  ) {
    this.definition = definitionWith(defaultLimit);
    this.#entry = {
      server: SERVER,
      name: NAME,
      exposed: SEARCH_TOOL,
      definition: this.definition,
      definitionHash: undefined,
      safetyClass: 'read',
      queued: true,
      deadlineMs: DEADLINE_MS,
    };
  }

  call(request: McpRequest<Caller>): Outcome | Promise<Outcome> {
    const parsed = argumentsSchema.safeParse(request.params?.['arguments'] ?? {});
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`);
      return { error: rpcError(ErrorCode.InvalidParams, faults.join('; ')) };
    }
    const { query, limit = this.defaultLimit } = parsed.data;
    const found = this.find(query, limit);
    const tools = found.map(({ tool }) => ({ ...tool.definition, name: tool.exposed }));
    const structuredContent = { tools };
    const result = { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
    return this.answers.answer({ ...request, entry: this.#entry, params: request.params! }, result);
  }
}

function definitionWith(defaultLimit: number) {
  return {
    name: SEARCH_TOOL,
    title: 'Search tools',
    description:
      'Finds tools by what they do, among those of all connected servers. Answers with their full definitions, the best first; call them by the name that is given.',
    inputSchema: {
      type: 'object',
      properties: {
        query: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_QUERY,
          description: 'Words for what is to be done, such as "read a file"',
        },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_LIMIT,
          default: defaultLimit,
          description: 'Most tools to answer with',
        },
      },
      required: ['query'],
      additionalProperties: false,
    },
    outputSchema: {
      type: 'object',
      properties: {
        tools: {
          type: 'array',
          items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      },
      required: ['tools'],
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
}
