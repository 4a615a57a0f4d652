import type { Chooser } from '@signalbox/domain/balancing';
import { UpstreamClosedError } from '@signalbox/mcp';
import { PoolExhaustedError } from '../pools/slot.js';
import type { Instance } from './instance.js';

export interface Pick {
  readonly now: number;
  /** Requests in flight per instance. */
  readonly maxInFlight: number;
  readonly chooser: Chooser;
  readonly key: string;
  /** Come last. */
  readonly avoided: ReadonlySet<string> | undefined;
}

/**
 * The instance for one request: one that is up, else one that is ill, else one that was put out; never one that is down,
 * whose breaker is open, or that is full.
 * @throws UpstreamClosedError, before anything was sent, when none answers; PoolExhaustedError when all are full
 */
export function pickInstance(instances: readonly Instance[], pick: Pick): Instance {
  const { now, maxInFlight, avoided } = pick;
  const open = instances.filter((instance) => instance.state !== 'down' && instance.letsThrough(now));
  if (open.length === 0) throw noneAnswers(instances);
  const free = open.filter(({ inFlight }) => inFlight < maxInFlight);
  if (free.length === 0) {
    throw new PoolExhaustedError(`its ${open.length} instances have ${maxInFlight} requests in flight each`);
  }
  const fresh = avoided ? orAll(free, ({ id }) => !avoided.has(id)) : free;
  const inside = orAll(fresh, ({ ejectedUntil }) => ejectedUntil <= now);
  const well = orAll(inside, ({ state }) => state === 'up');
  return well.length === 1 ? well[0]! : pick.chooser.choose(well, pick.key);
}

function orAll(instances: readonly Instance[], isWanted: (instance: Instance) => boolean): readonly Instance[] {
  const wanted = instances.filter(isWanted);
  return wanted.length > 0 ? wanted : instances;
}

function noneAnswers(instances: readonly Instance[]): UpstreamClosedError {
  const reason = instances.find((instance) => instance.reason !== undefined)?.reason;
  const text = `none of its ${instances.length} instances takes requests`;
  return new UpstreamClosedError(reason === undefined ? text : `${text}: ${reason}`, false);
}
