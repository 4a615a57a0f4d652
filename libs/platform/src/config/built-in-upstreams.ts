import { upstreamSettingsSchema, type ServiceName, type UpstreamDefinition } from '@signalbox/contracts';
import { localUrl, type Settings } from './settings.js';

/** Services of the suite that are MCP servers themselves, by the name under which the gateway shows them. */
const BUILT_IN: Readonly<Record<string, ServiceName>> = { resources: 'resource-service', registry: 'registry' };

export const BUILT_IN_NAMES = Object.keys(BUILT_IN);

/** The upstream servers that every Signalbox has: its own resource-service and registry. */
export function builtInUpstreams(settings: Pick<Settings, 'portBase' | 'bind' | 'exposed'>): UpstreamDefinition[] {
  return Object.entries(BUILT_IN).map(([name, service]) => ({
    name,
    target: { kind: 'http', url: `${localUrl(settings, service)}/mcp`, headers: {}, service },
    settings: upstreamSettingsSchema.parse({ trusted: true }),
    source: 'built-in',
  }));
}
