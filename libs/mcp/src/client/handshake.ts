import type { InitializeResult } from '../initialize.js';
import { isSessionRevision, LATEST_SESSION_REVISION, SESSION_REVISIONS } from '../revisions.js';
import { UpstreamProtocolError } from './errors.js';
import type { ConnectOptions, UpstreamConnection } from './upstream.js';

/**
 * Opens the session: `initialize`, then `notifications/initialized`.
 * @param accepted called with the server's answer before anything else is sent
 */
export async function shakeHands(
  connection: Pick<UpstreamConnection, 'request' | 'notify'>,
  options: ConnectOptions,
  deadline: number,
  accepted: (result: InitializeResult) => void,
): Promise<void> {
  const params = {
    protocolVersion: options.protocolVersion ?? LATEST_SESSION_REVISION,
    capabilities: options.capabilities,
    clientInfo: options.clientInfo,
  };
  const outcome = await connection.request('initialize', params, { deadline });
  if ('error' in outcome) {
    throw new UpstreamProtocolError(`initialize was refused: ${outcome.error.message} (${outcome.error.code})`);
  }
  const result = checkResult(outcome.result);
  accepted(result);
  await connection.notify('notifications/initialized');
}

function checkResult(value: unknown): InitializeResult {
  const result = value as Partial<InitializeResult> | null | undefined;
  if (!isSessionRevision(result?.protocolVersion)) {
    const said = JSON.stringify(result?.protocolVersion) ?? 'none';
    throw new UpstreamProtocolError(`the server speaks MCP ${said}; supported are ${SESSION_REVISIONS.join(', ')}`);
  }
  return {
    ...result,
    capabilities: result!.capabilities ?? {},
    serverInfo: result!.serverInfo ?? { name: 'unnamed', version: '0' },
  } as InitializeResult;
}
