import { newId } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeCall, projected, startMonitor, type TestMonitor } from '../../../test/harness.js';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startMonitor();
});
afterAll(() => monitor.stop());

describe('/dead-letters', () => {
  it('lists what was parked, and puts it back on its queue', async () => {
    const { bus } = monitor.ports;
    let willing = false;
    const handled: unknown[] = [];
    const consumer = await bus.consume({ name: 'test.work', maxRetries: 0 }, ({ body }) => {
      if (!willing) return { park: 'not now' };
      handled.push(body);
      return 'ack';
    });
    await bus.send('test.work', { id: newId(), type: 'work', body: { order: 7 } });
    const parked = await waitFor(async () => {
      const { body } = await monitor.http.get('/dead-letters?queue=test.work').expect(200);
      return (body as { deadLetters: { id: string; reason: string; message: { body: unknown } }[] }).deadLetters[0];
    });
    expect(parked).toMatchObject({ queue: 'test.work', reason: 'not now', message: { body: { order: 7 } } });
    expect((await monitor.http.get('/dead-letters?queue=another').expect(200)).body).toEqual({ deadLetters: [] });

    willing = true;
    const id = encodeURIComponent(parked.id);
    await monitor.http.post(`/dead-letters/${id}/replay`).expect(200, { id: parked.id, replayed: true });
    await waitFor(() => handled.length === 1);
    await monitor.http.post(`/dead-letters/${id}/replay`).expect(404);
    await consumer.cancel();
  });

  it('refuses what it does not know', async () => {
    const { body } = await monitor.http.get('/dead-letters?limit=0').expect(400);
    expect(body.errors[0]).toMatchObject({ path: 'limit', message: 'must be at least 1' });
  });
});

describe('/projections', () => {
  it('shows how far each has read, and rebuilds beside the live one', async () => {
    const { callId } = await completeCall(monitor.ports);
    await projected(monitor);
    const before = await monitor.http.get('/projections').expect(200);
    expect(before.body.projections).toMatchObject([{ name: 'calls', state: 'following', lag: 0 }]);

    await monitor.ports.readModels.commit('test', {}, [
      { op: 'put', collection: 'calls', document: { _id: 'rubbish', state: 'requested' } },
    ]);
    expect((await monitor.http.get('/calls')).body.calls).toHaveLength(2);
    await monitor.http.post('/projections/calls/rebuild').expect(202);
    await waitFor(async () => (await monitor.http.get('/projections')).body.projections[0].lastRebuild);
    const { body } = await monitor.http.get('/calls').expect(200);
    expect(body.calls.map(({ id }: { id: string }) => id)).toEqual([callId]);
    const later = await completeCall(monitor.ports);
    await waitFor(async () => (await monitor.http.get('/calls')).body.calls[0].id === later.callId);
  });

  it('is 404 for another name', async () => {
    const { body } = await monitor.http.post('/projections/none/rebuild').expect(404);
    expect(body.detail).toBe('there is no projection none; there are calls');
  });
});
