import { isDeepStrictEqual } from 'node:util';
import type { UpstreamDefinition } from '@signalbox/contracts';

/** `adjusted`: only what is read per use is different, so that connections may stay; `replaced`: they may not. */
export type DefinitionChange = 'none' | 'adjusted' | 'replaced';

/** Names of servers. */
export interface ServerChanges {
  readonly added: readonly string[];
  readonly adjusted: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
}

/** What another definition of a server means for the connections to it. */
export function definitionChange(before: UpstreamDefinition, after: UpstreamDefinition): DefinitionChange {
  if (isDeepStrictEqual(before, after)) return 'none';
  return isDeepStrictEqual(ofConnections(before), ofConnections(after)) ? 'adjusted' : 'replaced';
}

/** What differs between two sets of servers. */
export function differences(before: Iterable<UpstreamDefinition>, after: Iterable<UpstreamDefinition>): ServerChanges {
  const known = new Map([...before].map((definition) => [definition.name, definition]));
  const changes = { added: [], adjusted: [], replaced: [], removed: [] } as Record<keyof ServerChanges, string[]>;
  for (const definition of after) {
    const old = known.get(definition.name);
    known.delete(definition.name);
    const change = old ? definitionChange(old, definition) : 'added';
    if (change !== 'none') changes[change].push(definition.name);
  }
  changes.removed.push(...known.keys());
  return changes;
}

function ofConnections({ target, settings }: UpstreamDefinition): object {
  const { deadlineMs: _deadline, trusted: _trusted, tools: _tools, dependsOn: _dependsOn, ...rest } = settings;
  const { balancing: _balancing, ...others } = rest;
  return { target: ofAllInstances(target), settings: others };
}

/** Instances may come and go: connections to the others stay. */
function ofAllInstances(target: UpstreamDefinition['target']): object {
  if (target.kind !== 'http' || target.instances === undefined) return target;
  const { url: _first, instances: _instances, ...rest } = target;
  return { ...rest, isBalanced: true };
}
