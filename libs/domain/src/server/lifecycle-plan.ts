import { Refusal } from '../decider/index.js';
import { cycleText, dependantsOf, dependenciesOf, dependencyOrder, type DependencyGraph } from './dependencies.js';
import { stateOf, type Lifecycle, type ServerCommand } from './lifecycle.js';

/** A server as far as others depend on it. */
export interface KnownLife {
  readonly life: Lifecycle;
  readonly dependsOn: readonly string[];
}

export type PlanRefusal =
  'dependency-missing' | 'dependency-not-running' | 'dependants-running' | 'has-dependants' | 'dependency-cycle';

/**
 * What a command takes, in the order in which it has to be done: servers that others depend on are started first, and
 * stopped last. Does not look at the preconditions of the single commands.
 * @param cascades whether other servers may be commanded as well; otherwise it is refused when they would have to be
 * @throws Refusal
 */
export function planCommand(
  command: ServerCommand,
  servers: ReadonlyMap<string, KnownLife>,
  cascades: boolean,
): readonly ServerCommand[] {
  switch (command.command) {
    case 'start':
    case 'approve':
      return [...dependenciesFirst(command, servers, cascades), command];
    case 'stop':
    case 'drain':
      return [...dependantsFirst(command, servers, cascades), command];
    case 'restart':
    case 'quarantine':
      return [command];
  }
}

/**
 * Checks what a new definition says about other servers.
 * @throws Refusal that names the servers that do not exist, or the cycle
 */
export function checkDependencies(
  server: string,
  dependsOn: readonly string[],
  servers: ReadonlyMap<string, KnownLife>,
): void {
  const missing = dependsOn.filter((name) => name !== server && !exists(servers, name));
  if (missing.length > 0) {
    const known = [...servers.keys()].filter((name) => exists(servers, name));
    throw new Refusal<PlanRefusal>(
      'dependency-missing',
      `${server} depends on ${missing.join(', ')}, which ${missing.length === 1 ? 'does' : 'do'} not exist`,
      { server, missing, servers: known },
    );
  }
  const { cycles } = dependencyOrder(new Map([...graphOf(servers), [server, dependsOn]]));
  // others may be in a cycle already, by the configuration
  const closed = cycles.find((names) => names.includes(server));
  if (closed) {
    const at = closed.indexOf(server);
    const cycle = [...closed.slice(at), ...closed.slice(0, at)];
    throw new Refusal<PlanRefusal>('dependency-cycle', `servers would depend on each other: ${cycleText(cycle)}`, {
      cycle: [...cycle, cycle[0]],
    });
  }
}

/** @throws Refusal that names the servers which could not be started again without this one */
export function checkRemoval(server: string, servers: ReadonlyMap<string, KnownLife>): void {
  const dependants = dependantsOf(graphOf(servers), server).filter((name) => exists(servers, name));
  if (dependants.length === 0) return;
  throw new Refusal<PlanRefusal>(
    'has-dependants',
    `cannot remove ${server}: ${dependants.join(', ')} ${dependants.length === 1 ? 'depends' : 'depend'} on it`,
    { server, dependants },
  );
}

function dependenciesFirst(
  { server, who, why }: ServerCommand,
  servers: ReadonlyMap<string, KnownLife>,
  cascades: boolean,
): ServerCommand[] {
  const down = dependenciesOf(graphOf(servers), server).filter((name) => {
    const state = stateOf(servers.get(name)!.life);
    return state !== 'running' && state !== 'degraded' && state !== 'starting' && state !== 'registered';
  });
  const missing = (servers.get(server)?.dependsOn ?? []).filter((name) => !exists(servers, name));
  const states = [
    ...missing.map((name) => `${name} does not exist`),
    ...down.map((name) => `${name} is ${stateOf(servers.get(name)!.life)}`),
  ];
  const startable = down.every((name) => ['stopped', 'failed'].includes(stateOf(servers.get(name)!.life)));
  if (states.length > 0 && (!cascades || !startable || missing.length > 0)) {
    throw new Refusal<PlanRefusal>(
      'dependency-not-running',
      `cannot start ${server}, which depends on others: ${states.join(', ')}`,
      {
        server,
        dependencies: [...missing, ...down],
      },
    );
  }
  return down.map((name) => ({
    server: name,
    command: 'start',
    who,
    ...(why === undefined ? {} : { why }),
    because: server,
  }));
}

function dependantsFirst(
  { server, command, who, why }: ServerCommand,
  servers: ReadonlyMap<string, KnownLife>,
  cascades: boolean,
): ServerCommand[] {
  const up = dependantsOf(graphOf(servers), server).filter((name) => servers.get(name)!.life.target === 'running');
  if (up.length > 0 && !cascades) {
    throw new Refusal<PlanRefusal>(
      'dependants-running',
      `cannot ${command} ${server}: ${up.join(', ')} ${up.length === 1 ? 'depends' : 'depend'} on it`,
      { server, dependants: up },
    );
  }
  return up.map((name) => ({ server: name, command, who, ...(why === undefined ? {} : { why }), because: server }));
}

function graphOf(servers: ReadonlyMap<string, KnownLife>): DependencyGraph {
  const there = [...servers].filter(([, { life }]) => life.exists);
  return new Map(there.map(([name, { dependsOn }]) => [name, dependsOn]));
}

const exists = (servers: ReadonlyMap<string, KnownLife>, name: string): boolean =>
  servers.get(name)?.life.exists === true;
