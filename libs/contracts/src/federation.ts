import * as z from 'zod';
import { SAFETY_CLASSES, type SafetyClass } from './events/calls.js';

/** A suite's own id: a ULID, kept in its log. */
export const SUITE_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
/** The stream of the log that has it. */
export const SUITE_STREAM = 'suite';

/** Suites that a request or a definition may name as its way; what names more is not taken. */
export const MAX_VIA = 16;

/** Key in `capabilities.experimental` by which a suite says to its peers who it is: `{"suite": "<id>"}`. */
export const FEDERATION = 'io.signalbox/federation';
/** Key in `_meta` of a request: the suites that it has come through, the first one first. */
export const VIA = 'io.signalbox/via';
/** Key in `_meta` of a request: milliseconds that it may still take. */
export const TIMEOUT = 'io.signalbox/timeoutMs';
/** Key in `_meta` of a definition that comes from a peer: see {@link Origin}. */
export const ORIGIN = 'io.signalbox/origin';
/** Key in `_meta` of a tool that comes from a peer: its safety class there. */
export const SAFETY_CLASS = 'io.signalbox/class';

/** Where something that a peer offers is at home. */
export interface Origin {
  /** Its name there, or its URI. */
  readonly name: string;
  /** The suites that it came through: the first is its home, the last is the one that offers it. Not empty. */
  readonly via: readonly string[];
}

const viaSchema = z.array(z.string().regex(SUITE_ID)).min(1).max(MAX_VIA);
const originSchema = z.object({ name: z.string().min(1).max(4096), via: viaSchema });

/** The suites that a request has come through, by its `_meta`; undefined when that is not a list of suite ids, empty when there is none. */
export function viaOf(params: Readonly<Record<string, unknown>> | undefined): readonly string[] | undefined {
  const given = (params?.['_meta'] as Readonly<Record<string, unknown>> | null | undefined)?.[VIA];
  return given === undefined ? [] : viaSchema.safeParse(given).data;
}

/** What the `_meta` of a definition says of its origin; undefined when it says nothing that can be read. */
export function originOf(definition: object): Origin | undefined {
  const given = metaOf(definition)?.[ORIGIN];
  return given === undefined ? undefined : originSchema.safeParse(given).data;
}

/** The safety class that a peer says a tool to have. */
export function statedClassOf(definition: object): SafetyClass | undefined {
  const given = metaOf(definition)?.[SAFETY_CLASS];
  return SAFETY_CLASSES.find((known) => known === given);
}

/** The suite that a server says to be, by its capabilities; undefined for what is no suite, or does not take us for a peer. */
export function suiteOf(capabilities: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const experimental = capabilities?.['experimental'] as Readonly<Record<string, unknown>> | null | undefined;
  const said = experimental?.[FEDERATION] as { readonly suite?: unknown } | null | undefined;
  return typeof said?.suite === 'string' && SUITE_ID.test(said.suite) ? said.suite : undefined;
}

function metaOf(definition: object): Readonly<Record<string, unknown>> | undefined {
  const { _meta: meta } = definition as { readonly _meta?: unknown };
  return typeof meta === 'object' && meta !== null ? (meta as Readonly<Record<string, unknown>>) : undefined;
}

const PEER_SCOPE = 'peer:';

/** Names what one peer sees, where names of servers name what one server has: no server can be called so. */
export const peerScope = (suite: string): string => PEER_SCOPE + suite;

/** The suite whose view a scope is; undefined for all other scopes. */
export function suiteOfScope(scope: string | undefined): string | undefined {
  return scope?.startsWith(PEER_SCOPE) ? scope.slice(PEER_SCOPE.length) : undefined;
}

/**
 * Where a suite finds the MCP endpoint that a peer has for it.
 * @param url of the peer's gateway, or of its MCP endpoint `/mcp`
 * @param suite the one that asks
 */
export function peerEndpoint(url: string, suite: string): string {
  const endpoint = new URL(url);
  const base = endpoint.pathname.replace(/\/(mcp\/?)?$/, '');
  endpoint.pathname = `${base}/peers/${suite}/mcp`;
  return endpoint.href;
}
