import { Injectable } from '@nestjs/common';
import { failureText, OriginGuard, rpcError, sendJson } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { sendProblem } from '../../send-problem.js';
import { Authenticator } from './authenticator.js';

/** JSON-RPC code of requests that are refused before they are read, as the SDK's servers use it. */
const REFUSED = -32000;
const principals = new WeakMap<IncomingMessage, string>();

/** The principal of a request that passed the {@link FrontGuard}. */
export function principalOf(request: IncomingMessage): string {
  const principal = principals.get(request);
  if (principal === undefined) throw new Error('the request has not passed the front guard');
  return principal;
}

/** Stands before everything but the health checks: `Host`, `Origin`, identity. */
@Injectable()
export class FrontGuard {
  readonly #origins: OriginGuard;

  constructor(
    private readonly authenticator: Authenticator,
    @InjectGatewayConfig() { http }: GatewayConfig,
    @InjectContext() { bind }: ServiceContext,
  ) {
    const own = bind.includes(':') && !bind.startsWith('[') ? `[${bind}]` : bind;
    this.#origins = new OriginGuard({ allowedHosts: [own, ...http.allowedHosts], allowedOrigins: http.allowedOrigins });
  }

  /** @returns the principal, or undefined when the request was refused and answered */
  admit(request: IncomingMessage, response: ServerResponse, asRpc: boolean): string | undefined {
    const fault = this.#origins.check(request.headers);
    if (fault !== undefined) return refuse(response, 403, fault, asRpc);
    const identity = this.authenticator.authenticate(request.headers.authorization);
    if ('challenge' in identity) {
      return refuse(response, 401, identity.detail, asRpc, { 'www-authenticate': identity.challenge });
    }
    return identity.principal;
  }

  /** Whether `Host` and `Origin` are such that the request may be looked at. */
  admitsOrigin({ headers }: IncomingMessage): boolean {
    return this.#origins.check(headers) === undefined;
  }

  /** For requests that go on to a controller. @returns whether they may */
  admitToControllers(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '/' } = request;
    if (url.startsWith('/health/')) return true;
    const principal = this.admit(request, response, false);
    if (principal !== undefined) principals.set(request, principal);
    return principal !== undefined;
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  detail: string,
  asRpc: boolean,
  headers: Record<string, string> = {},
): undefined {
  if (asRpc) sendJson(response, status, failureText(null, rpcError(REFUSED, detail)), headers);
  else sendProblem(response, status, detail, headers);
  return undefined;
}
