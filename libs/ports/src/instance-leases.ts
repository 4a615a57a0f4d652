/**
 * Names of service instances (`gateway-1`), each held by one process at a time: the name is that of the instance's own
 * partition, so that a process that starts again goes on with a partition that exists.
 *
 * Contract, proven by `instanceLeasesContract` of `@signalbox/port-contracts`:
 * - A name is given to nobody else until it was released, or its holder has not renewed it for `ttlMs`.
 * - The epochs of a name only grow, over all of its holders: of two that believe to hold it, the greater one does.
 * - A holder that cannot renew in time learns it by `lost`, not later than the name may be given to another.
 */
export interface InstanceLeases {
  /**
   * Takes the free name with the least number, and keeps it until it is released or lost.
   * @param service lower-case letters, digits and inner hyphens
   * @throws StoreUnavailableError when the names cannot be read or written
   * @throws Error when the service's name is not allowed, or 1000 of its instances are live
   */
  acquire(service: string, options?: LeaseOptions): Promise<Lease>;
  /** Names that are or were held, by name. */
  holders(): Promise<LeaseHolder[]>;
  /** Ends renewals without releasing anything: what is still held runs out. */
  close(): Promise<void>;
}

export interface LeaseOptions {
  /** How long a name is kept for a holder that is not heard of, 200–600 000 ms. Default 10 000. */
  readonly ttlMs?: number;
}

export interface Lease {
  /** `<service>-<number from 1>` */
  readonly name: string;
  /** The newest one; renewing makes it greater. */
  readonly epoch: number;
  /** Resolves with the reason when the name may belong to another; never when it was released. */
  readonly lost: Promise<string>;
  /** Gives the name back at once. Doing it again changes nothing. */
  release(): Promise<void>;
}

export interface LeaseHolder {
  readonly name: string;
  readonly epoch: number;
  /** Milliseconds since the epoch, by the clock of the store. */
  readonly expiresAt: number;
  readonly live: boolean;
}

export const DEFAULT_LEASE_TTL_MS = 10_000;
export const MAX_LIVE_INSTANCES = 1_000;

/** @throws RangeError naming what is allowed */
export function checkedLease(service: string, { ttlMs = DEFAULT_LEASE_TTL_MS }: LeaseOptions = {}): { ttlMs: number } {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service) || service.length > 60) {
    throw new RangeError(`service "${service.slice(0, 70)}" is not allowed: lower-case letters, digits, inner hyphens`);
  }
  if (!(ttlMs >= 200 && ttlMs <= 600_000)) throw new RangeError(`ttlMs is ${ttlMs}; 200 to 600000 is allowed`);
  return { ttlMs };
}
