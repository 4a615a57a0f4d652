import type { ExecuteCommand } from '@signalbox/contracts';
import type { PooledConnection } from '../pools/pooled-connection.js';
import type { PoolStatistics, Slot } from '../pools/slot.js';

/** For which request a connection is wanted. */
export interface Wanted {
  readonly command: Pick<ExecuteCommand, 'client' | 'params' | 'call'>;
  /** URLs of instances that it was sent to before; they come last. */
  readonly avoided: ReadonlySet<string> | undefined;
}

/** The connections to one server: a pool, or one pool for each of its instances. */
export interface ConnectionPool {
  /** As the pool's own; `wanted` matters where there are instances to choose from. */
  acquire(key: string, deadline: number, wanted?: Wanted): Slot<PooledConnection> | Promise<Slot<PooledConnection>>;
  release(slot: Slot<PooledConnection>): void;
  slots(): Iterable<Slot<PooledConnection>>;
  bound(key: string): Slot<PooledConnection> | undefined;
  destroy(slot: Slot<PooledConnection>, reason: string): Promise<void>;
  end(key: string, reason: string): Promise<void>;
  fill(): Promise<void>;
  sweep(): Promise<void>;
  statistics(): PoolStatistics;
  close(reason: string): Promise<void>;
}
