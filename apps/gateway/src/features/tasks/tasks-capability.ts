import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, isOfStatelessEra, rpcError } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';

/** The extension that tasks are, as clients and servers declare it. */
export const TASKS = 'io.modelcontextprotocol/tasks';

type Fields = Readonly<Record<string, unknown>>;

/** Whether the client of this very request takes tasks; sessions never do: the extension came with MCP 2026-07-28. */
export function takesTasks({ client, via }: Caller): boolean {
  if (via !== 'mcp' || !isOfStatelessEra(client.protocolVersion)) return false;
  const extensions = client.capabilities?.['extensions'];
  return typeof extensions === 'object' && extensions !== null && (extensions as Fields)[TASKS] !== undefined;
}

/** The same caller towards servers: a task of theirs would be one that we know nothing of. */
export function withoutTasks(caller: Caller): Caller {
  const { [TASKS]: _, ...extensions } = caller.client.capabilities!['extensions'] as Fields;
  return { ...caller, client: { ...caller.client, capabilities: { ...caller.client.capabilities, extensions } } };
}

export function missingTasks(what: string): RpcError {
  const requiredCapabilities = { extensions: { [TASKS]: {} } };
  return rpcError(ErrorCode.MissingCapability, `${what} needs a client that declares the extension ${TASKS}`, {
    requiredCapabilities,
  });
}
