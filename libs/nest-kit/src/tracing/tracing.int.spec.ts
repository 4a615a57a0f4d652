import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { Ctx, EventPattern } from '@nestjs/microservices';
import { createEmbeddedPorts, IdTelemetry } from '@signalbox/adapter-embedded';
import { createEvent, newId, newTraceparent, parseTraceparent, traceIdOf } from '@signalbox/contracts';
import type { Delivery, FinishedSpan, PortSet, Telemetry } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { waitFor } from '@signalbox/testing';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InjectEventLog, startLogRelay, startService, tracedRoute } from '../index.js';
import type { RunningService, ServiceContext } from '../service-context.js';

const heard: Delivery[] = [];

@Controller('notes')
class NotesController {
  constructor(@InjectEventLog() private readonly log: EventLog) {}

  @Post(':id')
  async write(@Param('id') id: string, @Body() { traceparent }: { traceparent: string }): Promise<void> {
    await this.log.append({
      stream: `resource-${id}`,
      expectedVersion: 0,
      events: [createEvent('resource.deleted', { collection: 'notes', id, version: 1 })],
      commitId: newId(),
      metadata: { correlationId: id, traceparent },
    });
  }

  @Get('bug')
  bug(): never {
    throw new Error('internal');
  }

  @EventPattern('resource.*', { queue: 'notes.heard' })
  onEvent(@Ctx() delivery: Delivery): void {
    heard.push(delivery);
  }
}

@Module({ controllers: [NotesController] })
class NotesModule {}

describe('a service', () => {
  let ports: PortSet & { close(): Promise<void> };
  let telemetry: IdTelemetry;
  let service: RunningService;
  let relay: { stop(): Promise<void> };
  let lines: Record<string, unknown>[];

  async function start(level = 'info', spans: Telemetry = telemetry): Promise<void> {
    const embedded = await createEmbeddedPorts({ dataDir: ':memory:' });
    ports = { ...embedded, telemetry: spans };
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    };
    const context: ServiceContext = {
      service: 'resource-service',
      instanceId: 'resource-service-1',
      bind: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      ports,
      config: { path: undefined, env: {}, servers: [], problems: [], section: () => undefined },
      logger: pino({ level }, new Writable({ write })),
    };
    service = await startService(context, {
      module: NotesModule,
      title: 'Notes',
      description: 'Notes for a test',
      rawRoutes: () =>
        tracedRoute(context, '/raw', (req, res) => {
          if (req.url !== '/raw') return false;
          res.end(req.headers['traceparent']);
          return true;
        }),
    });
    relay = startLogRelay(ports, { instances: [context.instanceId] });
  }
  beforeEach(() => {
    telemetry = new IdTelemetry({ keptTraces: 100 });
    lines = [];
    heard.length = 0;
  });
  afterEach(async () => {
    await relay.stop();
    await service.stop();
    await ports.close();
  });

  const spansOf = (traceparent: string): readonly FinishedSpan[] => telemetry.spansOf(traceIdOf(traceparent)!);
  const named = async (traceparent: string, name: string): Promise<FinishedSpan> => {
    const find = (): FinishedSpan | undefined => spansOf(traceparent).find((span) => span.name === name);
    await waitFor(() => find() !== undefined, { what: `the span ${name}` });
    return find()!;
  };

  it('has a span of each request, and goes on with it to the log, the bus and the handler', async () => {
    await start();
    const traceparent = newTraceparent();
    const body = { traceparent };
    await request(service.url).post('/notes/a?secret=1').set({ traceparent }).send(body).expect(201);
    const http = await named(traceparent, 'POST /notes/:id');
    expect(http).toMatchObject({
      service: 'resource-service',
      kind: 'server',
      parentSpanId: parseTraceparent(traceparent)!.spanId,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/notes/:id',
        'url.path': '/notes/a',
        'url.scheme': 'http',
        'server.port': Number(new URL(service.url).port),
        'http.response.status_code': 201,
      },
      failure: undefined,
    });
    const append = await named(traceparent, 'append resource');
    const send = await named(traceparent, 'send mcp-events');
    const process = await named(traceparent, 'process notes.heard');
    expect(send).toMatchObject({ parentSpanId: append.spanId, service: 'resource-service' });
    expect(process).toMatchObject({
      kind: 'consumer',
      parentSpanId: send.spanId,
      attributes: { 'messaging.destination.name': 'notes.heard', 'messaging.operation.type': 'process' },
    });
    expect(parseTraceparent(heard[0]!.traceparent)!.spanId).toBe(process.spanId);
  });

  it('hands its own place in the trace to whatever handles the request', async () => {
    await start();
    const traceparent = newTraceparent();
    const { text } = await request(service.url).get('/raw').set({ traceparent }).expect(200);
    const span = await named(traceparent, 'GET /raw');
    expect(parseTraceparent(text)).toMatchObject({ spanId: span.spanId, traceId: span.traceId });
  });

  it('says which requests failed, and in the log which trace they belong to', async () => {
    await start();
    const traceparent = newTraceparent();
    await request(service.url).get('/notes/bug').set({ traceparent }).expect(500);
    const span = await named(traceparent, 'GET /notes/bug');
    expect(span).toMatchObject({
      attributes: { 'error.type': '500', 'http.response.status_code': 500 },
      failure: 'Internal Server Error',
    });
    expect(lines.find(({ err }) => err !== undefined)).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
  });

  it('has none of what watches over it, and none of traces that are not sampled by a tracer that heeds it', async () => {
    await start('info', {
      tracer: () => ({ ...telemetry.tracer('x', 'x-1'), records: () => false }),
      close: async () => {},
    });
    const [watched, unsampled] = [newTraceparent(), newTraceparent()];
    await request(service.url).get('/health/live').set({ traceparent: watched }).expect(200);
    const { text } = await request(service.url).get('/raw').set({ traceparent: unsampled }).expect(200);
    expect(text).toBe(unsampled);
    expect([...spansOf(watched), ...spansOf(unsampled)]).toEqual([]);
  });

  it('has no spans of health and metrics', async () => {
    await start();
    const traceparent = newTraceparent();
    for (const path of ['/health/live', '/health/ready', '/metrics', '/raw']) {
      await request(service.url).get(path).set({ traceparent }).expect(200);
    }
    await named(traceparent, 'GET /raw');
    expect(spansOf(traceparent)).toHaveLength(1);
  });

  it('logs each request with its trace at level debug, also where no spans are kept', async () => {
    await start('debug', new IdTelemetry());
    const traceparent = newTraceparent();
    await request(service.url).get('/raw').set({ traceparent }).expect(200);
    const line = () => lines.find(({ msg }) => msg === 'GET /raw');
    await waitFor(() => line() !== undefined);
    expect(line()).toMatchObject({ status: 200, route: '/raw', trace_id: traceIdOf(traceparent) });
  });

  it('offers its metrics to the collector, and ends that with itself', async () => {
    const offered: string[] = [];
    const exporting: Telemetry = {
      tracer: (name, instance) => telemetry.tracer(name, instance),
      close: async () => undefined,
      exportMetrics: (name, instance, source) => {
        offered.push(`${name} ${instance}`);
        return async () => {
          const families = await source();
          offered.push(families.find(({ name: family }) => family === 'process_cpu_seconds_total')!.type);
        };
      },
    };
    await start('info', exporting);
    expect(offered).toEqual(['resource-service resource-service-1']);
    await service.stop();
    await waitFor(() => offered.at(-1) === 'counter');
  });
});
