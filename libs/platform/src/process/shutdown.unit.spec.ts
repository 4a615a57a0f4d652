import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Shutdown } from './shutdown.js';

const never = () => new Promise<void>(() => undefined);

describe('Shutdown', () => {
  it('ends what was begun last first, one after the other', async () => {
    const shutdown = new Shutdown();
    const order: string[] = [];
    for (const name of ['ports', 'executor', 'gateway']) {
      shutdown.add(name, async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ended`);
      });
    }
    expect(await shutdown.run(1000)).toEqual({ unfinished: [], failed: [] });
    expect(order.map((entry) => entry.split(' ')[0])).toEqual([
      'gateway',
      'gateway',
      'executor',
      'executor',
      'ports',
      'ports',
    ]);
  });

  it('gives every step its turn beside one that hangs, and names that one', async () => {
    const shutdown = new Shutdown();
    let closed = false;
    shutdown.add('ports', async () => void (closed = true));
    shutdown.add('gateway', never);
    const begun = performance.now();
    expect(await shutdown.run(60)).toEqual({ unfinished: ['gateway'], failed: [] });
    expect(closed).toBe(true);
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('does not end a foundation under something that still works', async () => {
    const shutdown = new Shutdown();
    const order: string[] = [];
    shutdown.addFoundation('ports', async () => void order.push('ports'));
    shutdown.add('executor', async () => {
      await delay(60);
      order.push('executor');
    });
    shutdown.add('gateway', async () => {
      await delay(400);
      order.push('gateway');
    });
    // the gateway takes more than half of it
    expect(await shutdown.run(600)).toEqual({ unfinished: [], failed: [] });
    expect(order.at(-1)).toBe('ports');
  });

  it('goes on after a step that fails, also at once', async () => {
    const shutdown = new Shutdown();
    let closed = false;
    shutdown.add('ports', async () => void (closed = true));
    shutdown.add('gateway', () => {
      throw new Error('no');
    });
    const report = await shutdown.run(1000);
    expect(report.failed).toEqual([{ name: 'gateway', error: new Error('no') }]);
    expect(closed).toBe(true);
  });

  it('ends each thing once', async () => {
    const shutdown = new Shutdown();
    let times = 0;
    shutdown.add('once', async () => void times++);
    await Promise.all([shutdown.run(100), shutdown.run(100)]);
    expect(times).toBe(1);
  });
});
