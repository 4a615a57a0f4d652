import { ErrorCode, rpcError, type MethodRouter } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import { LOG_LEVELS } from '../forward/log-level.js';

const EMPTY = { resultText: '{}' } as const;

/** Methods that the gateway answers by itself. */
export function routeSession(router: MethodRouter<Caller>): void {
  router.route('ping', () => EMPTY);

  // the level travels with every later request, so that each server gets it when it is used
  router.route('logging/setLevel', ({ params, caller }) => {
    const level = params?.['level'];
    if (!(LOG_LEVELS as readonly unknown[]).includes(level)) {
      return { error: rpcError(ErrorCode.InvalidParams, `"level" must be one of ${LOG_LEVELS.join(', ')}`) };
    }
    caller.session?.setLogLevel(level as string);
    return EMPTY;
  });
}
