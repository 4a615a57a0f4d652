import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { ReadModels } from '@signalbox/ports';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOver } from '../../test/running-service.js';

/** A service whose read models take no writes until `release`. */
async function serviceWithStuckReadModels(readYourWritesMs: number) {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  let release = () => undefined as void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const stuck = new Proxy(ports.readModels, {
    get(target, name: keyof ReadModels) {
      if (name === 'commit') {
        return async (...args: Parameters<ReadModels['commit']>) => released.then(() => target.commit(...args));
      }
      const member: unknown = target[name];
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  });
  const close = () => ports.close();
  const running = await startOver({ ...ports, readModels: stuck, close }, { documents: { readYourWritesMs } });
  onTestFinished(async () => {
    release();
    await running.close();
  });
  return { ...running, release };
}

describe('a write while the projection is behind', () => {
  it('is answered after the bound, and read at once', async () => {
    const { http } = await serviceWithStuckReadModels(50);
    const from = performance.now();
    await http.put('/resources/notes/a').send({ n: 1 }).expect(201);
    expect(performance.now() - from).toBeGreaterThan(45);
    const { body } = await http.get('/resources/notes/a').expect(200);
    expect(body.data).toMatchObject({ version: 1, document: { n: 1 } });
    await http.put('/resources/notes/a').set('if-match', '"v1"').send({ n: 2 }).expect(200);
    await http.put('/resources/notes/a').set('if-match', '"v1"').send({ n: 3 }).expect(412);
    await http.delete('/resources/notes/a').expect(200);
    await http.get('/resources/notes/a').expect(404);
  });

  it('waits for the projection when that takes less', async () => {
    const { http, release } = await serviceWithStuckReadModels(10_000);
    const writing = http.put('/resources/notes/a').send({ n: 1 }).expect(201);
    const answered = writing.then(() => 'answered');
    const pending = new Promise((resolve) => setTimeout(() => resolve('pending'), 100));
    expect(await Promise.race([answered, pending])).toBe('pending');
    release();
    await answered;
    const { body } = await http.get('/resources/notes').expect(200);
    expect(body.total).toBe(1);
  });
});
