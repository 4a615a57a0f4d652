import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Params } from '@signalbox/mcp';

/** What a request state of ours says: which exchange the client comes back to, and where. */
export interface StateContent {
  /** The gateway instance that holds the exchange. */
  readonly gateway: string;
  readonly id: string;
  /** Counts the times that the client was asked: each state is good for one answer. */
  readonly round: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Where the request itself runs, which outlives the gateway; absent when nobody has said it. */
  readonly at?: RunningAt | undefined;
}

export interface RunningAt {
  /** The executor instance. */
  readonly executor: string;
  readonly requestId: string;
}

/** What a state is bound to beside its content. */
export interface StateBinding {
  readonly principal: string;
  /** See {@link digestOf}. */
  readonly digest: string;
}

const PREFIX = 'sb1';
const STATE = /^sb1\.([A-Za-z0-9_-]{1,400})\.([A-Za-z0-9_-]{43})$/;
const INSTANCE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a request state is, or pretends to be, one that {@link StateSigner} made. */
export function isOurState(state: string): boolean {
  return state.startsWith(`${PREFIX}.`);
}

/**
 * The content of a state, not yet verified: it says which gateway can verify it.
 * @returns undefined for what no gateway made
 */
export function readState(state: string): StateContent | undefined {
  const [, payload] = STATE.exec(state) ?? [];
  if (payload === undefined) return undefined;
  try {
    const fields: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (!Array.isArray(fields) || (fields.length !== 4 && fields.length !== 6)) return undefined;
    const [gateway, id, round, expires, executor, requestId] = fields as unknown[];
    if (typeof gateway !== 'string' || !INSTANCE.test(gateway) || typeof id !== 'string') return undefined;
    if (!Number.isSafeInteger(round) || !Number.isSafeInteger(expires)) return undefined;
    const content = { gateway, id, round: round as number, expires: expires as number };
    if (executor === undefined) return content;
    if (typeof executor !== 'string' || !INSTANCE.test(executor) || typeof requestId !== 'string') return undefined;
    return { ...content, at: { executor, requestId } };
  } catch {
    return undefined;
  }
}

/**
 * Makes request states, and knows its own again. The key lives as long as the process, as do the exchanges that its states
 * lead to: only the gateway that holds an exchange has to verify a state.
 */
export class StateSigner {
  readonly #key = randomBytes(32);

  sign({ gateway, id, round, expires, at }: StateContent, binding: StateBinding): string {
    const fields = [gateway, id, round, expires, ...(at ? [at.executor, at.requestId] : [])];
    const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
    return `${PREFIX}.${payload}.${this.#mac(payload, binding).toString('base64url')}`;
  }

  /** Whether a state was made here, for this client and this request. */
  verifies(state: string, binding: StateBinding): boolean {
    const [, payload, mac] = STATE.exec(state) ?? [];
    if (payload === undefined) return false;
    const given = Buffer.from(mac!, 'base64url');
    const expected = this.#mac(payload, binding);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #mac(payload: string, { principal, digest }: StateBinding): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([payload, principal, digest]))
      .digest();
  }
}

/** SHA-256 (hex) of a state: whoever has this cannot come back with it. */
export function hashOfState(state: string): string {
  return createHash('sha256').update(state).digest('hex');
}

/** SHA-256 (hex) of what a request asks for: the same for the request and its retries, whatever the order of their keys. */
export function digestOf(method: string, params: Params | undefined, scope: string | undefined): string {
  const { _meta, inputResponses, requestState, ...rest } = params ?? {};
  return createHash('sha256')
    .update(canonicalize([method, scope ?? null, rest]) ?? '')
    .digest('hex');
}
