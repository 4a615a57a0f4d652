import type { Implementation, Resource, ResourceContents, ResourceTemplateType } from '@modelcontextprotocol/server';
import type { ToolProvider } from './tool-provider.js';

export interface ResourcePage {
  readonly resources: Resource[];
  readonly nextCursor?: string;
}

export interface Completion {
  /** At most 100, as MCP asks. */
  readonly values: string[];
  readonly total?: number;
  readonly hasMore?: boolean;
}

/** What an {@link McpEndpoint} shows: resources and templates of one service, and its tools if it has any. */
export interface ResourceProvider {
  readonly info: Implementation;
  readonly instructions: string;
  readonly toolbox?: ToolProvider;
  readonly templates: readonly ResourceTemplateType[];
  /** @throws InvalidCursorError for a cursor that `list` did not make */
  list(cursor: string | undefined): Promise<ResourcePage>;
  /** Undefined when there is no such resource. */
  read(uri: string): Promise<(ResourceContents & { text: string }) | undefined>;
  /** Whether `uri` has the form of a resource that may be there now or later. */
  owns(uri: string): boolean;
  /** Values for one variable of a template that start with `prefix`. `known` has the variables already filled in. */
  complete(variable: string, prefix: string, known: Readonly<Record<string, string>>): Promise<Completion>;
}
