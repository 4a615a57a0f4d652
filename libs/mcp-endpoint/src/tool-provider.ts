import type { CallToolResult, Tool } from '@modelcontextprotocol/server';

/** Tools of one service, beside its resources. */
export interface ToolProvider {
  /** They stay the same as long as the service runs. */
  readonly tools: readonly Tool[];
  /**
   * Calls one of {@link tools}.
   * @returns also what is wrong with the arguments, as a result with `isError`: so that a model can mend them
   */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<CallToolResult>;
}
