import type { GatewayConfig } from '../../config.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** @throws Error when everyone who reaches the address could use the gateway */
export function refuseOpenBind(bind: string, config: Pick<GatewayConfig, 'auth'>): void {
  if (LOOPBACK.test(bind) || config.auth.tokens.length > 0) return;
  throw new Error(
    `SIGNALBOX_BIND is ${bind}, which others can reach, but no authentication is configured: ` +
      'set signalbox.gateway.auth.tokens, or bind to 127.0.0.1',
  );
}
