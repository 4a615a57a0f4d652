import { Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';

export const ANONYMOUS = 'anonymous';

export type Authentication =
  | { readonly principal: string }
  /** Value of `WWW-Authenticate`. */
  | { readonly challenge: string; readonly detail: string };

const ANONYMOUS_ACCESS: Authentication = { principal: ANONYMOUS };
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Finds out who sends a request, by the static bearer tokens of the configuration (RFC 6750). */
@Injectable()
export class Authenticator {
  readonly #tokens: readonly { readonly principal: string; readonly digest: Buffer }[];

  constructor(@InjectGatewayConfig() { auth }: GatewayConfig) {
    this.#tokens = auth.tokens.map(({ principal, token, sha256: hex }) => ({
      principal,
      digest: hex === undefined ? sha256(token!) : Buffer.from(hex, 'hex'),
    }));
  }

  /** Without tokens in the configuration everyone is {@link ANONYMOUS}. */
  authenticate(authorization: string | undefined): Authentication {
    if (this.#tokens.length === 0) return ANONYMOUS_ACCESS;
    const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) {
      return { challenge: 'Bearer realm="signalbox"', detail: 'a bearer token is needed in the Authorization header' };
    }
    const digest = sha256(token);
    let principal: string | undefined;
    // all of them, always: how long it takes says nothing about which one it was
    for (const known of this.#tokens) if (timingSafeEqual(digest, known.digest)) principal = known.principal;
    if (principal !== undefined) return { principal };
    return {
      challenge: 'Bearer realm="signalbox", error="invalid_token", error_description="unknown token"',
      detail: 'the bearer token is not known here',
    };
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
