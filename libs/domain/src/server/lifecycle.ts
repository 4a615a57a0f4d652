import {
  createEvent,
  type NewEvent,
  type RecordedEvent,
  type ServerCommandName,
  type ServerExecutorState,
} from '@signalbox/contracts';
import { Refusal, type Decider } from '../decider/index.js';

/** `registered`: no executor has said anything about it yet; `removed`: it is no longer defined. */
export const LIFECYCLE_STATES = [
  'registered',
  'starting',
  'running',
  'degraded',
  'failed',
  'stopping',
  'stopped',
  'quarantined',
  'removed',
] as const;
export type ServerState = (typeof LIFECYCLE_STATES)[number];

/** A server's life as registry and executors tell it. */
export interface Lifecycle {
  readonly exists: boolean;
  /** What the operators want; a server that nobody has commanded is to run. */
  readonly target: 'running' | 'stopped' | 'quarantined';
  /** What it is in each executor that has had to do with it. */
  readonly executors: Readonly<Record<string, ServerExecutorState>>;
}

export const UNBORN: Lifecycle = { exists: false, target: 'running', executors: {} };

/** Of several executors, the best state counts: a server runs when it runs anywhere. */
const BEST_FIRST = ['running', 'degraded', 'starting', 'failed', 'stopping', 'stopped'] as const;

export function stateOf({ exists, target, executors }: Lifecycle): ServerState {
  if (!exists) return 'removed';
  if (target === 'quarantined') return 'quarantined';
  const states = Object.values(executors);
  if (target === 'stopped') return states.every((state) => state === 'stopped') ? 'stopped' : 'stopping';
  return BEST_FIRST.find((state) => states.includes(state)) ?? 'registered';
}

type LifecycleEvent = Pick<RecordedEvent, 'type' | 'data'>;

/** The life after one more event. Events of other kinds change nothing. */
export function evolveLifecycle(life: Lifecycle, event: LifecycleEvent): Lifecycle {
  const { type, data } = event as RecordedEvent;
  switch (type) {
    case 'server.registered':
      return life.exists ? life : { ...UNBORN, exists: true };
    case 'server.removed':
      return { ...life, exists: false, target: 'running' };
    case 'server.commanded':
      return commanded(life, data.command);
    case 'server.started':
      return inExecutor(life, data.executor, 'running');
    case 'server.failed':
      return inExecutor(life, data.executor, 'failed');
    case 'server.stopped':
      return inExecutor(life, data.executor, 'stopped');
    case 'server.state_changed':
      return inExecutor(life, data.executor, data.to);
    default:
      return life;
  }
}

/** The executors are taken to be at it: what they do next, they say themselves. */
function commanded(life: Lifecycle, command: ServerCommandName): Lifecycle {
  switch (command) {
    case 'start':
    case 'approve':
    case 'restart':
      return { ...life, target: 'running', executors: mapValues(life.executors, () => 'starting') };
    case 'stop':
    case 'drain':
    case 'quarantine': {
      const target = command === 'quarantine' ? 'quarantined' : 'stopped';
      const executors = mapValues(life.executors, (state) => (state === 'stopped' ? state : 'stopping'));
      return { ...life, target, executors };
    }
  }
}

function mapValues<T>(record: Readonly<Record<string, T>>, to: (value: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}

function inExecutor(life: Lifecycle, executor: string, state: ServerExecutorState): Lifecycle {
  return { ...life, executors: { ...life.executors, [executor]: state } };
}

export interface ServerCommand {
  readonly server: string;
  readonly command: ServerCommandName;
  readonly who: string;
  readonly why?: string;
  /** The server that was commanded, where this one has to go before it or after it. */
  readonly because?: string;
}

interface Precondition {
  /** States in which it can be done. */
  readonly from: readonly ServerState[];
  /** States in which it is so already. */
  readonly done: readonly ServerState[];
}

const ALIVE = ['registered', 'starting', 'running', 'degraded', 'failed'] as const;

/** In which states a server obeys which command; in all others it is refused. */
export const PRECONDITIONS: Readonly<Record<ServerCommandName, Precondition>> = {
  start: { from: ['stopped', 'failed'], done: ['registered', 'starting', 'running', 'degraded'] },
  stop: { from: ALIVE, done: ['stopping', 'stopped'] },
  drain: { from: ALIVE, done: ['stopping', 'stopped'] },
  restart: { from: ['starting', 'running', 'degraded', 'failed'], done: [] },
  quarantine: { from: [...ALIVE, 'stopping', 'stopped'], done: ['quarantined'] },
  approve: { from: ['quarantined'], done: [] },
};

/** What to do in a state in which a command is refused. */
const ADVICE: Partial<Record<ServerState, string>> = {
  quarantined: 'approve it first',
  stopping: 'wait until it is stopped',
  stopped: 'start it instead',
  registered: 'no executor has it yet',
};

export type LifecycleRefusal = 'unknown-server' | 'wrong-state';

/** Decides whether a server obeys a command. Folds over the events of registry and executors in the order of their time. */
export const lifecycleDecider: Decider<Lifecycle, ServerCommand, NewEvent<'server.commanded'>> & {
  evolve(life: Lifecycle, event: LifecycleEvent): Lifecycle;
} = {
  initial: UNBORN,
  evolve: evolveLifecycle,

  decide({ server, command, who, why, because }, life) {
    const state = stateOf(life);
    if (state === 'removed') throw new Refusal<LifecycleRefusal>('unknown-server', `there is no server ${server}`);
    const { from, done } = PRECONDITIONS[command];
    // executors may all be away: what they did last is not what is wanted
    const isWanted = command !== 'stop' && command !== 'drain' ? true : life.target === 'stopped';
    if (done.includes(state) && isWanted) return [];
    if (!from.includes(state) && !done.includes(state)) {
      const advice = command === 'approve' ? 'only a quarantined server can be approved' : ADVICE[state];
      throw new Refusal<LifecycleRefusal>(
        'wrong-state',
        `cannot ${command} ${server}: it is ${state}${advice === undefined ? '' : `; ${advice}`}`,
        { server, command, state, allowedIn: from },
      );
    }
    return [
      createEvent('server.commanded', {
        server,
        command,
        who,
        ...(why === undefined ? {} : { why }),
        ...(because === undefined ? {} : { because }),
      }),
    ];
  },
};
