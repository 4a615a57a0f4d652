import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

describe('GET /cluster', () => {
  it('shows role, capacity, load and features of each instance, and sums for each service', async () => {
    const { http } = await registryForTest();
    const painter = { serviceName: 'painter', host: '127.0.0.1', port: 1 };
    const capacity = { maxConcurrentRequests: 10, currentLoad: 4 };
    await http
      .post('/services')
      .send({ ...painter, id: 'p', role: 'master', capacity, features: ['oil'] })
      .expect(201);
    await http
      .post('/services')
      .send({ ...painter, id: 'q', capacity, status: 'DOWN' })
      .expect(201);
    const { body } = await http.get('/cluster').expect(200);
    expect(body.success).toBe(true);
    expect(body.data.services.painter).toEqual({ instances: 2, up: 1, maxConcurrentRequests: 10, currentLoad: 4 });
    expect(body.data.services.registry).toMatchObject({ instances: 1, up: 1 });
    expect(body.data.statuses).toEqual({ STARTING: 0, UP: 2, DOWN: 1, OUT_OF_SERVICE: 0 });
    expect(body.data.instances).toMatchObject([
      { id: 'p', serviceName: 'painter', role: 'master', capacity, features: ['oil'] },
      { id: 'q', status: 'DOWN' },
      { id: 'registry-1' },
    ]);
  });
});
