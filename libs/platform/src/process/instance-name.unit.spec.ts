import { StoreUnavailableError, type InstanceLeases, type Lease } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { InstanceName } from './instance-name.js';

/** Names in memory whose leases can be made to run out. */
class Names {
  readonly held = new Map<string, (reason: string) => void>();
  away = 0;

  readonly leases = {
    acquire: async (service: string): Promise<Lease> => {
      if (this.away-- > 0) throw new StoreUnavailableError('away');
      let number = 1;
      while (this.held.has(`${service}-${number}`)) number++;
      const name = `${service}-${number}`;
      const lost = new Promise<string>((resolve) => this.held.set(name, resolve));
      return { name, epoch: 1, lost, release: async () => void this.held.delete(name) };
    },
  } as InstanceLeases;

  runOut(name: string, next?: () => void): void {
    const lose = this.held.get(name)!;
    this.held.delete(name);
    next?.();
    lose('not renewed in time');
  }
}

describe('the name of an instance', () => {
  it('is taken again when its lease ran out and nobody else has it', async () => {
    const names = new Names();
    const errors: Error[] = [];
    const first = await InstanceName.take(names.leases, 'gateway', (error) => errors.push(error));
    const second = await InstanceName.take(names.leases, 'gateway', (error) => errors.push(error));
    names.away = 1;
    names.runOut('gateway-1');
    names.runOut('gateway-2');
    await waitFor(() => names.held.size === 2);
    expect([first.name, second.name, ...names.held.keys()].toSorted()).toEqual([
      'gateway-1',
      'gateway-1',
      'gateway-2',
      'gateway-2',
    ]);
    expect(errors).toEqual([]);
    await Promise.all([first.release(), second.release()]);
    expect(names.held.size).toBe(0);
  });

  it('is lost when another process has it, and what was tried is given back', async () => {
    const names = new Names();
    const errors: string[] = [];
    await InstanceName.take(names.leases, 'gateway', ({ message }) => errors.push(message));
    names.runOut('gateway-1', () => names.held.set('gateway-1', () => undefined));
    await waitFor(() => errors.length > 0);
    expect(errors).toEqual(['gateway-1 belongs to another process now: not renewed in time']);
    expect([...names.held.keys()]).toEqual(['gateway-1']);
  });
});
