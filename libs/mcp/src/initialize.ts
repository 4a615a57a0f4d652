/** The name and version of a client or server, with whatever else it says of itself. */
export interface Implementation {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/** What a server answers to `initialize`, verbatim. */
export interface InitializeResult {
  readonly protocolVersion: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly serverInfo: Implementation;
  readonly instructions?: string;
  readonly [field: string]: unknown;
}

/** Every client capability there is in 2025-11-25, for a connection that serves clients of any kind. */
export const FULL_CLIENT_CAPABILITIES: Readonly<Record<string, unknown>> = {
  roots: { listChanged: true },
  sampling: { context: {}, tools: {} },
  elicitation: { form: {}, url: {} },
};
