/** Server → the servers that it depends on. Names that are no key of it are servers that do not exist. */
export type DependencyGraph = ReadonlyMap<string, readonly string[]>;

export interface DependencyOrder {
  /** Every server, after those that it depends on; within a cycle in any order. */
  readonly order: readonly string[];
  /** Each cycle once, as its servers one after the other: `['a', 'b']` is a → b → a. */
  readonly cycles: readonly (readonly string[])[];
}

/** The order to start servers in; to stop them, take it from its end. Stable: by the graph's own order where nothing else decides. */
export function dependencyOrder(graph: DependencyGraph): DependencyOrder {
  const order: string[] = [];
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const root of graph.keys()) {
    if (done.has(root)) continue;
    // a path with where it is in each server's list: a chain of servers may be longer than the stack
    const path = [{ name: root, next: 0 }];
    const onPath = new Set([root]);
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      const dependency = graph.get(top.name)?.[top.next++];
      if (dependency === undefined) {
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
        order.push(top.name);
      } else if (onPath.has(dependency)) {
        const names = path.map(({ name }) => name);
        cycles.push(names.slice(names.indexOf(dependency)));
      } else if (!done.has(dependency) && graph.has(dependency)) {
        path.push({ name: dependency, next: 0 });
        onPath.add(dependency);
      }
    }
  }
  return { order, cycles };
}

/** `a → b → a` */
export function cycleText(cycle: readonly string[]): string {
  return [...cycle, cycle[0]].join(' → ');
}

/** All servers that cannot do without this one, directly or not, those first that nothing depends on: the order to stop them in. */
export function dependantsOf(graph: DependencyGraph, server: string): string[] {
  const found = new Set<string>();
  const pending = [server];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const [other, dependencies] of graph) {
      if (other === server || found.has(other) || !dependencies.includes(name)) continue;
      found.add(other);
      pending.push(other);
    }
  }
  return dependencyOrder(graph)
    .order.filter((name) => found.has(name))
    .toReversed();
}

/** All servers that this one cannot do without, directly or not, in the order to start them in. */
export function dependenciesOf(graph: DependencyGraph, server: string): string[] {
  const found = new Set<string>();
  const pending = [server];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const dependency of graph.get(name) ?? []) {
      if (dependency === server || found.has(dependency)) continue;
      found.add(dependency);
      pending.push(dependency);
    }
  }
  return dependencyOrder(graph).order.filter((name) => found.has(name));
}
