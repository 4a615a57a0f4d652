import { FEDERATION, suiteOfScope } from '@signalbox/contracts';
import type { Implementation } from '@signalbox/mcp';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { ServerEntry } from '../catalogue/server-entry.js';

const MAX_INSTRUCTIONS = 16_384;

export interface GatewayDescription {
  readonly capabilities: object;
  readonly serverInfo: Implementation;
  readonly instructions?: string;
}

/**
 * What the gateway says of itself in the answer to `initialize`.
 * @param suite this one: peers are told
 */
export function describeGateway(
  catalogue: Catalogue,
  scope: string | undefined,
  version: string,
  suite: string | undefined,
): GatewayDescription {
  const serverInfo = { name: 'signalbox', title: 'Signalbox', version };
  if (suiteOfScope(scope) !== undefined) {
    return { capabilities: { ...ALL_CAPABILITIES, experimental: { [FEDERATION]: { suite } } }, serverInfo };
  }
  const only = scope === undefined ? undefined : catalogue.server(scope);
  const instructions = scope === undefined ? mergedInstructions(catalogue.servers()) : only?.instructions;
  return {
    capabilities: only?.capabilities ? scopedCapabilities(only.capabilities) : ALL_CAPABILITIES,
    serverInfo: { ...serverInfo, title: scope === undefined ? 'Signalbox' : `Signalbox: ${scope}` },
    ...(instructions ? { instructions } : {}),
  };
}

const ALL_CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};

/** What the server has; changes of its lists are seen in any case. */
function scopedCapabilities(has: Readonly<Record<string, unknown>>): object {
  const offered: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(ALL_CAPABILITIES)) if (has[key] !== undefined) offered[key] = value;
  const resources = has['resources'] as { readonly subscribe?: unknown } | undefined;
  if (resources)
    offered['resources'] = { listChanged: true, ...(resources.subscribe === true ? { subscribe: true } : {}) };
  return offered;
}

function mergedInstructions(servers: readonly ServerEntry[]): string {
  let text = '';
  for (const { name, instructions } of servers) {
    if (!instructions) continue;
    const part = `${text ? '\n\n' : ''}# ${name}\n\n${instructions}`;
    if (text.length + part.length <= MAX_INSTRUCTIONS) text += part;
  }
  return text;
}
