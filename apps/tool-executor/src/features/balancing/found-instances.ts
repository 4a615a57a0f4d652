import type { InstanceSpec, UpstreamDefinition } from '@signalbox/contracts';

interface Found {
  readonly instances: readonly InstanceSpec[];
  /** The definition without them. */
  readonly given: UpstreamDefinition;
}

/** Instances that were found while the executor runs: they stand in the place of those that the definition names. */
export class FoundInstances {
  readonly #found = new Map<string, Found>();

  /** A definition with the instances that were found of its server, if any were. */
  in(given: UpstreamDefinition): UpstreamDefinition {
    const found = this.#found.get(given.name);
    if (!found || given.target.kind !== 'http') return given;
    // of one that was made by `in` itself, its origin is known
    const origin = isOf(given, found) ? found.given : given;
    this.#found.set(given.name, { ...found, given: origin });
    return withInstances(origin, found.instances);
  }

  forget(name: string): void {
    this.#found.delete(name);
  }

  /**
   * @param definition as it is now
   * @returns the definition that the server is to have; undefined for a stdio server, which is where its process is
   */
  set(definition: UpstreamDefinition, instances: readonly InstanceSpec[]): UpstreamDefinition | undefined {
    if (definition.target.kind !== 'http') return undefined;
    const given = this.#found.get(definition.name)?.given ?? definition;
    if (instances.length > 0) this.#found.set(definition.name, { instances, given });
    else this.#found.delete(definition.name);
    return given;
  }
}

function isOf({ target }: UpstreamDefinition, { instances }: Found): boolean {
  return target.kind === 'http' && target.instances === instances;
}

function withInstances(definition: UpstreamDefinition, instances: readonly InstanceSpec[]): UpstreamDefinition {
  const { target } = definition;
  if (target.kind !== 'http') return definition;
  return { ...definition, target: { ...target, url: instances[0]!.url, instances } };
}
