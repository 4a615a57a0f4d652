import { upstreamSettingsSchema } from '@signalbox/contracts';
import { middlewareEntrySchema } from '@signalbox/middleware';
import { redactionRulesSchema } from '@signalbox/runtime';
import type * as z from 'zod';
import { federationConfigSchema, gatewayConfigSchema, searchConfigSchema } from '../../apps/gateway/src/config.js';
import { monitorConfigSchema } from '../../apps/monitor/src/config.js';
import { discoveryConfigSchema } from '../../apps/registry/src/features/discovery/discovery-config.js';
import { notificationsConfigSchema } from '../../apps/registry/src/features/notifications/notification-config.js';
import { registryConfigSchema } from '../../apps/registry/src/config.js';
import { resourceServiceConfigSchema } from '../../apps/resource-service/src/config.js';
import { executorConfigSchema } from '../../apps/tool-executor/src/config.js';
import * as processSettings from '../../libs/platform/src/config/process-settings.js';
import { docCommentsOf } from './doc-comments.js';
import { settingsOf, type Setting } from './settings.js';

/** A part of the configuration file. */
export interface Section {
  /** Where it is in the file. */
  readonly name: string;
  readonly settings: readonly Setting[];
}

const PROCESS = 'libs/platform/src/config/process-settings.ts';
const ENDPOINT = 'libs/mcp-endpoint/src/limits.ts';

/** @param nested constants of the same file that are part of the schema, by their path in it */
function section(
  name: string,
  schema: z.ZodType,
  file: string,
  constant: string,
  nested: Readonly<Record<string, string>> = {},
): Section {
  const comments = new Map(docCommentsOf(file, constant));
  for (const [path, part] of Object.entries(nested)) {
    for (const [key, comment] of docCommentsOf(file, part)) comments.set(`${path}.${key}`, comment);
  }
  for (const [key, comment] of docCommentsOf(ENDPOINT, 'mcpLimitsSchema')) comments.set(`mcp.${key}`, comment);
  return { name, settings: settingsOf(schema, comments) };
}

const ofProcess = Object.entries(processSettings).flatMap(([constant, schema]) =>
  constant.endsWith('Schema')
    ? [section(`signalbox.${constant.slice(0, -'Schema'.length)}`, schema as z.ZodType, PROCESS, constant)]
    : [],
);

/** Every section that the configuration file may have, in the order of the documents. */
export const SECTIONS: readonly Section[] = [
  section(
    'mcpServers.<name>.signalbox',
    upstreamSettingsSchema,
    'libs/contracts/src/upstream-definition.ts',
    'upstreamSettingsSchema',
    { recovery: 'recoverySchema' },
  ),
  ...ofProcess.toSorted((a, b) => a.name.localeCompare(b.name)),
  section('signalbox.redaction', redactionRulesSchema, 'libs/runtime/src/redaction-rules.ts', 'redactionRulesSchema', {
    paths: 'pathRule',
  }),
  section('signalbox.middleware', middlewareEntrySchema, 'libs/middleware/src/entry.ts', 'middlewareEntrySchema'),
  section('signalbox.search', searchConfigSchema, 'apps/gateway/src/config.ts', 'searchConfigSchema'),
  section('signalbox.federation', federationConfigSchema, 'apps/gateway/src/config.ts', 'federationConfigSchema'),
  section('signalbox.gateway', gatewayConfigSchema, 'apps/gateway/src/config.ts', 'gatewayConfigSchema', {
    'auth.tokens': 'tokenSchema',
  }),
  section(
    'signalbox.discovery',
    discoveryConfigSchema,
    'apps/registry/src/features/discovery/discovery-config.ts',
    'discoveryConfigSchema',
  ),
  section(
    'signalbox.notifications',
    notificationsConfigSchema,
    'apps/registry/src/features/notifications/notification-config.ts',
    'notificationsConfigSchema',
  ),
  section('signalbox.registry', registryConfigSchema, 'apps/registry/src/config.ts', 'registryConfigSchema'),
  section('signalbox.tool-executor', executorConfigSchema, 'apps/tool-executor/src/config.ts', 'executorConfigSchema'),
  section(
    'signalbox.resource-service',
    resourceServiceConfigSchema,
    'apps/resource-service/src/config.ts',
    'resourceServiceConfigSchema',
  ),
  section('signalbox.monitor', monitorConfigSchema, 'apps/monitor/src/config.ts', 'monitorConfigSchema'),
];
