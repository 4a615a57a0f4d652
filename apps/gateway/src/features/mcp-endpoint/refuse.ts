import type { RpcError } from '@signalbox/contracts';
import { failureText, sendJson, type RequestId } from '@signalbox/mcp';
import type { ServerResponse } from 'node:http';

/** Answers with a JSON-RPC error under its HTTP status. */
export function refuse(
  response: ServerResponse,
  status: number,
  error: RpcError,
  id: RequestId | null = null,
  headers?: Record<string, string>,
): void {
  sendJson(response, status, failureText(id, error), headers);
}
