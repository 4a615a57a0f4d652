import { isIP } from 'node:net';
import { joinPath } from '@signalbox/contracts';
import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';
import { portRange } from './port-range.js';

const ms = (fallback: number, min = 1) => z.number().int().min(min).max(86_400_000).default(fallback);
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and -, at most 40')
  .describe('name of the source');
const path = z
  .string()
  .regex(/^\/[\w./~-]{0,199}$/, 'must begin with / and have letters, digits and . _ ~ - / only')
  .default('/mcp');
const group = z.enum(['service', 'instance']).default('service');
const protocol = z.enum(['http', 'https']).default('http');
/** Host names and addresses as they may stand in a URL; nothing that a definition would take for a reference. */
export const HOST = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const QUERY = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const host = z.string().regex(HOST, 'must be a host name or an IPv4 address');
const resolver = z.string().refine(isResolver, 'must be an IP address, with a port if it is not 53: 127.0.0.1:5353');

export const discoveryConfigSchema = z
  .strictObject({
    /** `manual`: what was found is quarantined until somebody approves it, and again when its definition changes. */
    approve: z.enum(['manual', 'auto']).default('manual'),
    /** Time between two runs of a source. */
    intervalMs: ms(60_000, 100),
    /** Share of `intervalMs` by which runs come earlier or later, by chance. */
    jitter: z.number().min(0).max(0.9).default(0.2),
    /** Longest time for one run of a source. */
    timeoutMs: ms(30_000),
    /** How long a server stays that its source does not find any more. */
    graceMs: ms(60_000, 0),
    /** Servers that one source may bring in. */
    maxServers: z.number().int().min(1).max(1_000).default(200),
    /** Files with `mcpServers`, as MCP hosts have them, watched. */
    files: z
      .array(
        z.strictObject({
          /** Name of the source, unique. */
          name,
          /** A file, or a folder whose `*.json` files are read. */
          path: z.string().min(1),
          /** How long a file must stay as it is before it is read. */
          settleMs: z.number().int().min(0).max(60_000).default(200),
        }),
      )
      .default([]),
    /** Names in DNS whose records are servers. */
    dns: z
      .array(
        z.strictObject({
          /** Name of the source, unique. */
          name,
          /** `_mcp._tcp.example.org` for SRV, a host name for A. */
          query: z.string().regex(QUERY, 'must be a name in DNS'),
          /** What to ask for. SRV says the port, A does not. */
          type: z.enum(['SRV', 'A']).default('SRV'),
          /** Of the servers; for A only. */
          port: z.number().int().min(1).max(65_535).default(80),
          /** Of their URLs. */
          protocol,
          /** Of their URLs. */
          path,
          /** `service`: all records are instances of one server; `instance`: each one is a server of its own. */
          group,
          /** Name servers to ask; those of the system when there are none. */
          resolvers: z.array(resolver).max(10).default([]),
        }),
      )
      .default([]),
    /** Services in the catalogue of Consul. */
    consul: z
      .array(
        z.strictObject({
          /** Name of the source, unique. */
          name,
          /** Of an agent; `CONSUL_URL` when absent. */
          url: z.url({ protocol: /^https?$/ }).optional(),
          /** Services with this tag are MCP servers. */
          tag: z.string().min(1).max(200).default('mcp-server'),
          /** Of the URL, where the service's metadata has no `mcp-path`. */
          path,
          /** Of the URL, where the service's metadata has no `mcp-protocol`. */
          protocol,
          /** `service`: all instances of a service are one server; `instance`: each one is a server of its own. */
          group,
        }),
      )
      .default([]),
    /** Ranges of ports that may be tried for MCP servers; no others ever are. */
    scan: z
      .array(
        z.strictObject({
          /** Name of the source, unique. */
          name,
          /** Host name or IPv4 address. */
          host: host.default('127.0.0.1'),
          /** `9000-9099`, or one port; at most 1000. */
          ports: z
            .string()
            .refine((text) => portRange(text) !== undefined, 'must be as in 9000-9099, at most 1000 ports'),
          /** Where to ask. */
          path,
          /** Probes at a time. */
          parallel: z.number().int().min(1).max(100).default(8),
          /** Longest time for one probe. */
          probeMs: ms(3_000, 50),
        }),
      )
      .default([]),
  })
  .superRefine(({ files, dns, consul, scan }, context) => {
    const seen = new Set<string>();
    for (const [kind, list] of Object.entries({ files, dns, consul, scan })) {
      list.forEach((source, index) => {
        if (seen.has(source.name)) {
          context.addIssue({
            code: 'custom',
            path: [kind, index, 'name'],
            message: `${source.name} is taken by another source`,
          });
        }
        seen.add(source.name);
      });
    }
  });
export type DiscoveryConfig = z.infer<typeof discoveryConfigSchema>;

function isResolver(text: string): boolean {
  const parts = /^(?:\[([0-9a-f:]+)\]|([0-9.]+))(?::(\d{1,5}))?$/i.exec(text);
  if (!parts) return false;
  return isIP(parts[1] ?? parts[2]!) !== 0 && Number(parts[3] ?? 53) <= 65_535;
}

/** The section `signalbox.discovery` of the configuration. @throws Error that names each wrong value by its path */
export function parseDiscoveryConfig(source: Pick<ConfigSource, 'section'>): DiscoveryConfig {
  const parsed = discoveryConfigSchema.safeParse(source.section('discovery') ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path: at, message }) => `${joinPath('signalbox.discovery', at)}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
