import { checkedLease, type InstanceLeases, type Lease, type LeaseHolder, type LeaseOptions } from '@signalbox/ports';

/** The embedded profile has one instance of each service, in one process: number 1, held for as long as it likes. */
export class SingleInstanceLeases implements InstanceLeases {
  private readonly epochs = new Map<string, { epoch: number; live: boolean }>();

  async acquire(service: string, options?: LeaseOptions): Promise<Lease> {
    checkedLease(service, options);
    const name = `${service}-1`;
    const epoch = (this.epochs.get(name)?.epoch ?? 0) + 1;
    const held = { epoch, live: true };
    this.epochs.set(name, held);
    return {
      name,
      epoch,
      lost: new Promise<string>(() => undefined),
      release: async () => {
        held.live = false;
      },
    };
  }

  async holders(): Promise<LeaseHolder[]> {
    return [...this.epochs]
      .map(([name, { epoch, live }]) => ({ name, epoch, live, expiresAt: live ? Number.MAX_SAFE_INTEGER : 0 }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async close(): Promise<void> {}
}
