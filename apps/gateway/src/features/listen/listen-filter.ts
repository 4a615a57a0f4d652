/** What a client of `subscriptions/listen` wants to hear of (MCP 2026-07-28, `SubscriptionFilter`). */
export interface ListenFilter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
}

const LISTS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'] as const;
const MAX_URI = 8_192;

/** @param maxUris most resources of one stream @returns what is wrong with it, as text, when it is not a filter */
export function readFilter(value: unknown, maxUris: number): ListenFilter | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return '"notifications" must be an object that says what to send';
  }
  const given = value as Readonly<Record<string, unknown>>;
  const filter: Record<string, unknown> = {};
  for (const list of LISTS) {
    const wanted = given[list];
    if (wanted !== undefined && typeof wanted !== 'boolean') return `"notifications.${list}" must be true or false`;
    if (wanted === true) filter[list] = true;
  }
  const uris = given['resourceSubscriptions'];
  if (uris === undefined) return filter;
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string' && uri.length <= MAX_URI)) {
    return '"notifications.resourceSubscriptions" must be a list of URIs';
  }
  if (uris.length > maxUris) return `"notifications.resourceSubscriptions" may have at most ${maxUris} URIs`;
  return { ...filter, resourceSubscriptions: [...new Set(uris as string[])] };
}
