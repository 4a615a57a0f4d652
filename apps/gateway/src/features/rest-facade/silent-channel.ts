import { ErrorCode, rpcError, type ClientChannel } from '@signalbox/mcp';

/** For callers that take a result and nothing else. */
export const SILENT_CHANNEL: ClientChannel = {
  notify: () => undefined,
  ask: async (method) => ({
    error: rpcError(ErrorCode.MethodNotFound, `A REST caller cannot be asked ${method.slice(0, 100)}`),
  }),
  onCancelled: () => undefined,
};
