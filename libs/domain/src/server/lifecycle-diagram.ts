import { createEvent, SERVER_COMMANDS, SERVER_STATES, type NewEvent } from '@signalbox/contracts';
import { evolveLifecycle, lifecycleDecider, PRECONDITIONS, stateOf, UNBORN, type Lifecycle } from './lifecycle.js';

/** A step from one state of a server to another. */
export interface LifecycleStep {
  readonly from: string;
  readonly to: string;
  /** The command that leads to it, or the event of an executor. */
  readonly by: string;
}

const server = 's';
const executor = 'e';
const ids = { server, executor };

const REPORTS: readonly (readonly [string, NewEvent])[] = [
  [
    'started',
    createEvent('server.started', {
      ...ids,
      protocolVersion: '',
      serverInfo: { name: '', version: '' },
      capabilities: {},
    }),
  ],
  ['failed', createEvent('server.failed', { ...ids, error: '', attempt: 1 })],
  ['stopped', createEvent('server.stopped', { ...ids, reason: '' })],
];

/** What an executor may report in each of its states; the others do not come from it. */
const REPORTED_IN: Readonly<Record<string, readonly string[]>> = {
  started: ['starting', 'failed'],
  failed: ['starting', 'running', 'degraded'],
  stopped: ['starting', 'running', 'degraded', 'failed', 'stopping'],
};
const CHANGES: readonly (readonly [(typeof SERVER_STATES)[number], (typeof SERVER_STATES)[number], string])[] = [
  ['stopped', 'starting', 'starting'],
  ['running', 'degraded', 'ill'],
  ['degraded', 'running', 'well'],
];

/**
 * Every step that the decider takes in the life of a server with one executor, found by trying all commands and all
 * reports in every state that can be reached.
 */
export function lifecycleSteps(): LifecycleStep[] {
  const steps = new Map<string, LifecycleStep>();
  const seen = new Set<string>();
  const pending: Lifecycle[] = [evolveLifecycle(UNBORN, registered())];
  for (let life = pending.pop(); life !== undefined; life = pending.pop()) {
    const key = JSON.stringify(life);
    if (seen.has(key) || !life.exists) continue;
    seen.add(key);
    for (const [by, event] of eventsIn(life)) {
      const next = evolveLifecycle(life, event);
      const step = { from: stateOf(life), to: stateOf(next), by };
      if (step.from !== step.to) steps.set(`${step.from} ${step.to} ${by}`, step);
      pending.push(next);
    }
  }
  return [...steps.values()];
}

/** The steps as a Mermaid state diagram; steps between the same states share an arrow. */
export function lifecycleDiagram(): string {
  const arrows = new Map<string, string[]>();
  for (const { from, to, by } of lifecycleSteps()) {
    const arrow = `${from} --> ${to === 'removed' ? '[*]' : to}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), by]);
  }
  const lines = [...arrows].map(([arrow, by]) => `    ${arrow}: ${[...new Set(by)].sort().join(', ')}`).sort();
  return ['stateDiagram-v2', '    [*] --> registered', ...lines].join('\n');
}

function* eventsIn(life: Lifecycle): Generator<readonly [string, NewEvent]> {
  for (const command of SERVER_COMMANDS) {
    if (!PRECONDITIONS[command].from.includes(stateOf(life))) continue;
    for (const event of lifecycleDecider.decide({ server, command, who: '' }, life)) yield [command, event];
  }
  yield ['remove', createEvent('server.removed', { server, reason: '' })];
  const state = life.executors[executor] ?? 'stopped';
  for (const [name, event] of REPORTS) if (REPORTED_IN[name]!.includes(state)) yield [name, event];
  if (life.target !== 'running') return;
  for (const [from, to, name] of CHANGES) {
    if (state === from) yield [name, createEvent('server.state_changed', { ...ids, from, to, reason: '' })];
  }
}

function registered(): NewEvent<'server.registered'> {
  return createEvent('server.registered', { server, transport: 'stdio', definition: {}, source: '' });
}
