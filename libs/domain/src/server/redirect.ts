import { recoverySchema } from '@signalbox/contracts';
import { Refusal } from '../decider/refusal.js';
import { cycleText } from './dependencies.js';
import type { Lifecycle, ServerState } from './lifecycle.js';

/** When calls of a server go to its stand-in, and back. Milliseconds. */
export interface RedirectRule {
  readonly to: string;
  readonly afterMs: number;
  readonly wellForMs: number;
}

/** A server as far as its calls may go elsewhere. Times are RFC 3339. */
export interface Redirectable {
  readonly server: string;
  readonly state: ServerState;
  readonly life: Lifecycle;
  readonly definition?: Readonly<Record<string, unknown>> | undefined;
  readonly redirectTo?: string | undefined;
  readonly upSince?: string | undefined;
  readonly failedSince?: string | undefined;
  readonly redirect?: { readonly to: string } | undefined;
  readonly lastError?: { readonly error: string } | undefined;
}

export type RedirectStep =
  | { readonly kind: 'redirect' | 'end'; readonly to: string; readonly why: string }
  /** Something may be to be done at this time, milliseconds since the epoch. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'none' };

export type RedirectRefusal = 'redirect-missing' | 'redirect-cycle';

const NOTHING: RedirectStep = { kind: 'none' };

/** Whether calls can go to a server in this state. */
export const isUp = (state: ServerState): boolean => state === 'running' || state === 'degraded';

/** What a definition, as the log has it, says of redirects; undefined: none are wanted. */
export function redirectRuleOf(definition: Readonly<Record<string, unknown>>): RedirectRule | undefined {
  const settings = definition['signalbox'] as { readonly recovery?: unknown } | undefined;
  if (settings?.recovery === undefined) return undefined;
  const { data } = recoverySchema.safeParse(settings.recovery);
  if (data?.redirectTo === undefined) return undefined;
  return { to: data.redirectTo, afterMs: data.redirectAfterMs, wellForMs: data.wellForMs };
}

/** What is to be done about the calls of one server now. */
export function planRedirect(
  view: Redirectable,
  find: (server: string) => Redirectable | undefined,
  now: number,
): RedirectStep {
  const rule = view.definition && redirectRuleOf(view.definition);
  const { redirect } = view;
  if (redirect) return planEnd(view, rule, redirect.to, find, now);
  const isWanted = view.life.exists && view.life.target === 'running';
  if (!rule || !isWanted || view.failedSince === undefined) return NOTHING;
  const until = Date.parse(view.failedSince) + rule.afterMs;
  if (now < until) return { kind: 'wait', until };
  const standIn = find(rule.to);
  if (!standIn || !isUp(standIn.state) || redirectCycle(view.server, find)) return NOTHING;
  const why = `${view.server} has failed: ${view.lastError?.error ?? 'no reason was given'}`;
  return { kind: 'redirect', to: rule.to, why };
}

function planEnd(
  { server, state, life, upSince }: Redirectable,
  rule: RedirectRule | undefined,
  to: string,
  find: (server: string) => Redirectable | undefined,
  now: number,
): RedirectStep {
  const end = (why: string): RedirectStep => ({ kind: 'end', to, why });
  if (!life.exists || life.target !== 'running') return end(`${server} is ${state}`);
  if (rule?.to !== to) return end(`${to} is no longer its stand-in`);
  if (upSince !== undefined) {
    const until = Date.parse(upSince) + rule.wellForMs;
    return now < until ? { kind: 'wait', until } : end(`${server} is well again`);
  }
  const standIn = find(to);
  return standIn && isUp(standIn.state) ? NOTHING : end(`${to} is ${standIn?.state ?? 'removed'}`);
}

/** The servers that would stand in for each other, from this one on; undefined when it comes to an end. */
export function redirectCycle(
  server: string,
  find: (server: string) => { readonly redirectTo?: string | undefined } | undefined,
): readonly string[] | undefined {
  const path = [server];
  for (let next = find(server)?.redirectTo; next !== undefined; next = find(next)?.redirectTo) {
    const at = path.indexOf(next);
    // one that another cycle is entered by is not in it
    if (at >= 0) return at === 0 ? path : undefined;
    path.push(next);
  }
  return undefined;
}

/**
 * Checks the stand-in of a new definition.
 * @throws Refusal that says that it does not exist, or names the cycle
 */
export function checkRedirect(
  server: string,
  to: string | undefined,
  servers: ReadonlyMap<string, { readonly life: Lifecycle; readonly redirectTo?: string | undefined }>,
): void {
  if (to === undefined) return;
  if (to !== server && servers.get(to)?.life.exists !== true) {
    const known = [...servers].flatMap(([name, { life }]) => (life.exists && name !== server ? [name] : []));
    const message = `${to}, which is to stand in for ${server}, does not exist`;
    throw new Refusal<RedirectRefusal>('redirect-missing', message, { server, to, servers: known });
  }
  const find = (name: string) => (name === server ? { redirectTo: to } : servers.get(name));
  const cycle = redirectCycle(server, find);
  if (!cycle) return;
  const message = `servers would stand in for each other: ${cycleText(cycle)}`;
  throw new Refusal<RedirectRefusal>('redirect-cycle', message, { cycle: [...cycle, cycle[0]] });
}
