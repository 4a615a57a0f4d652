import type { DiscoveredServers } from './discovered-servers.js';
import type { Discoverer } from './discoverer.js';
import { SOURCE_KINDS } from './source.js';
import { RUN_STATES, type SourceRunner } from './source-runner.js';
import { targetKey, urlsOf } from '@signalbox/domain/discovery';
import * as z from 'zod';

const foundSchema = z.object({
  name: z.string().describe('What the source calls it'),
  server: z.string().optional().describe('The server that it is'),
  state: z.enum(['defined', 'duplicate', 'refused', 'missing', 'pending', 'own']),
  reason: z.string().optional(),
});
type Found = z.infer<typeof foundSchema>;

export const sourceAnswerSchema = z.object({
  name: z.string(),
  kind: z.enum(SOURCE_KINDS),
  where: z.string(),
  state: z
    .enum([...RUN_STATES, 'elsewhere'])
    .describe('`failing`: its last answer counts; `elsewhere`: another registry asks it'),
  lastRunAt: z.string().optional(),
  answeredAt: z.string().optional().describe('When it last answered'),
  nextRunAt: z.string().optional(),
  error: z.string().optional().describe('Why it is failing'),
  problems: z.array(z.string()),
  found: z.array(foundSchema),
});
export type SourceReport = z.infer<typeof sourceAnswerSchema>;

export const discoveryAnswerSchema = z.object({
  leader: z.object({ instanceId: z.string().nullable(), isHere: z.boolean() }),
  approve: z.enum(['auto', 'manual']),
  sources: z.array(sourceAnswerSchema),
});
export type DiscoveryAnswer = z.infer<typeof discoveryAnswerSchema>;

/** What there is to say of one source. */
export function reportOf(runner: SourceRunner, discoverer: Discoverer, servers: DiscoveredServers): SourceReport {
  const { name, kind, where } = runner.source;
  const { state, lastRunAt, answeredAt, nextRunAt, error, problems } = runner.state;
  if (!discoverer.leads) {
    const found = servers.of(name).map((server): Found => ({ name: server, server, state: 'defined' }));
    return { name, kind, where, state: 'elsewhere', problems: [], found };
  }
  return {
    name,
    kind,
    where,
    state,
    lastRunAt: text(lastRunAt),
    answeredAt: text(answeredAt),
    nextRunAt: text(nextRunAt),
    error,
    problems: [...problems],
    found: [...foundBy(runner, discoverer), ...missingOf(name, discoverer, servers)],
  };
}

function foundBy({ source, answer }: SourceRunner, { outcome, isOwn }: Discoverer): Found[] {
  const named = new Map(
    outcome.defined.filter((one) => one.source === source.name).map((one) => [targetKey(one.entry), one.name]),
  );
  const duplicates = outcome.duplicates.filter((one) => one.source === source.name);
  return (answer.found ?? []).map(({ name, entry }): Found => {
    const server = named.get(targetKey(entry));
    const reason = server === undefined ? undefined : outcome.refused.get(server);
    if (server !== undefined)
      return reason === undefined ? { name, server, state: 'defined' } : { name, server, state: 'refused', reason };
    const duplicate = duplicates.find((one) => one.name === name);
    if (duplicate) return { name, server: duplicate.of, state: 'duplicate', reason: `is ${duplicate.of} already` };
    if (urlsOf(entry).some(isOwn)) return { name, state: 'own', reason: 'is a service of this Signalbox' };
    return { name, state: 'pending' };
  });
}

function missingOf(source: string, { outcome, config }: Discoverer, servers: DiscoveredServers): Found[] {
  return servers.of(source).flatMap((server): Found[] => {
    const since = outcome.missing.get(server);
    if (since === undefined) return [];
    const until = new Date(since + config.graceMs).toISOString();
    const reason =
      outcome.refused.get(server) ?? `not found since ${new Date(since).toISOString()}, removed after ${until}`;
    return [{ name: server, server, state: 'missing', reason }];
  });
}

const text = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString();
