import { Body, Controller, Get, Injectable, Module, Post, Query } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { StoreUnavailableError, type PortSet } from '@signalbox/ports';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startService, type RunningService, type ServiceContext } from './index.js';

const noteSchema = z.strictObject({ title: z.string().min(1), stars: z.number().int().max(5).default(0) });

@Injectable()
class Heard {
  readonly bodies: unknown[] = [];
  failures = 0;
}

@Controller()
class NotesController {
  constructor(private readonly heard: Heard) {}

  @Post('notes')
  create(@Body({ schema: noteSchema }) note: z.infer<typeof noteSchema>): unknown {
    return note;
  }

  @Get('notes')
  list(@Query({ schema: z.object({ limit: z.coerce.number().int().max(100).default(10) }) }) query: unknown): unknown {
    return query;
  }

  @Get('outage')
  outage(): never {
    throw new StoreUnavailableError('the log does not answer');
  }

  @Get('bug')
  bug(): never {
    throw new Error('internal secret');
  }

  @EventPattern('note.*', { queue: 'notes.heard' })
  onNote(@Payload() body: unknown): void {
    if (this.heard.failures-- > 0) throw new Error('not yet');
    this.heard.bodies.push(body);
  }
}

@Module({ controllers: [NotesController], providers: [Heard] })
class NotesModule {}

describe('startService', () => {
  let ports: PortSet & { close(): Promise<void> };
  let service: RunningService;
  let heard: Heard;

  beforeEach(async () => {
    ports = await createEmbeddedPorts({ dataDir: ':memory:' });
    const config = { path: undefined, env: {}, servers: [], problems: [], section: () => undefined };
    const context: ServiceContext = {
      service: 'monitor',
      instanceId: 'monitor-1',
      bind: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      ports,
      config,
    };
    service = await startService(context, {
      module: NotesModule,
      title: 'Notes',
      description: 'Notes for a test',
      tags: ['notes'],
      rawRoutes: (app) => {
        heard = app.get(Heard, { strict: false });
        return (req, res) => {
          if (req.url !== '/raw') return false;
          res.end('raw');
          return true;
        };
      },
    });
  });
  afterEach(async () => {
    await service.stop();
    await ports.close();
  });

  const http = () => request(service.url);

  it('parses parameters by their schema, defaults included', async () => {
    expect((await http().post('/notes').send({ title: 'a' }).expect(201)).body).toEqual({ title: 'a', stars: 0 });
    expect((await http().get('/notes?limit=7').expect(200)).body).toEqual({ limit: 7 });
  });

  it('answers a wrong parameter with a problem that names each fault', async () => {
    const { body, headers } = await http().post('/notes').send({ title: '', stars: 9 }).expect(400);
    expect(headers['content-type']).toMatch('application/problem+json');
    expect(body).toMatchObject({ status: 400, title: 'Bad Request' });
    expect(body.errors.map((fault: { path: string }) => fault.path)).toEqual(['title', 'stars']);
  });

  it.each([
    ['malformed JSON', '{"title":', 400],
    ['a body over the limit', JSON.stringify({ title: 'x'.repeat(5 << 20) }), 413],
  ])('answers %s with a problem', async (_name, text, status) => {
    const { body, headers } = await http()
      .post('/notes')
      .set('content-type', 'application/json')
      .send(text)
      .expect(status);
    expect(headers['content-type']).toMatch('application/problem+json');
    expect(body.status).toBe(status);
  });

  it('says 404 as a problem, 503 with retryable for an outage, and 500 without what is inside', async () => {
    expect((await http().get('/nothing').expect(404)).body).toMatchObject({ status: 404 });
    const outage = await http().get('/outage').expect(503);
    expect(outage.body).toMatchObject({ detail: 'the log does not answer', retryable: true });
    expect(outage.headers['retry-after']).toBe('1');
    expect((await http().get('/bug').expect(500)).text).not.toMatch('internal secret');
  });

  it('is live, ready and measured, and describes itself', async () => {
    await http().get('/health/live').expect(200);
    const ready = await http().get('/health/ready').expect(200);
    expect(Object.keys(ready.body.checks)).toEqual(['events', 'bus', 'directory', 'readModels']);
    expect((await http().get('/metrics').expect(200)).text).toMatch(/process_cpu_seconds_total\{service="monitor"/);
    const { body } = await http().get('/openapi.json').expect(200);
    expect(body.info).toMatchObject({ title: 'Notes', version: '1.2.3' });
    expect(JSON.stringify(body.paths['/notes'].post.requestBody)).toMatch('stars');
  });

  it('names the port that does not answer', async () => {
    await ports.bus.close();
    const { body } = await http().get('/health/ready').expect(503);
    expect(body.detail).toMatch(/^bus: /);
  });

  it.each([{ host: 'evil.example' }, { origin: 'http://evil.example' }])(
    'refuses %o on a loopback address',
    async (headers) => {
      const { body } = await http().get('/notes').set(headers).expect(403);
      expect(body.detail).toMatch('loopback names');
    },
  );

  it('gives a raw route its requests before Fastify', async () => {
    expect((await http().get('/raw').expect(200)).text).toBe('raw');
  });

  it('settles a message only when its handler has succeeded', async () => {
    heard.failures = 1;
    await ports.bus.publish({ id: 'n1', type: 'note.made', body: { n: 1 } });
    await expect.poll(() => heard.bodies, { timeout: 10_000 }).toEqual([{ n: 1 }]);
  });

  it('is in the directory while it runs', async () => {
    const [instance] = await ports.directory.getInstances('monitor');
    expect(instance).toMatchObject({ id: 'monitor-1', tags: ['mcp', 'worker', 'notes'] });
    expect(`http://${instance!.host}:${instance!.port}`).toBe(service.url);
    await service.stop();
    expect(await ports.directory.getInstances('monitor')).toEqual([]);
  });
});
