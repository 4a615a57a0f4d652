import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MetricsSource } from '@signalbox/ports';
import type { EventLog } from '@signalbox/runtime';
import { pino, type Logger } from 'pino';
import type { Registry } from 'prom-client';
import { BusTransport } from './bus-transport.js';
import { LoadMeter } from './cluster/load-meter.js';
import { joinCluster } from './cluster/member.js';
import { loopbackGuard, type GuardOptions } from './loopback-guard.js';
import { nestLogger } from './nest-logger.js';
import { serveOpenApi } from './openapi.js';
import { ProblemFilter } from './problem.filter.js';
import { RawServer, type RawRoute } from './raw-server.js';
import { DEFAULT_CAPACITY, registerSelf, type RegistrationOptions } from './self-registration.js';
import type { RunningService, ServiceContext } from './service-context.js';
import { SignalboxModule } from './signalbox.module.js';
import { EVENT_LOG, METRICS } from './tokens.js';
import { traceRequest } from './tracing/http-span.js';
import { httpTracingOf } from './tracing/traced-route.js';
import { validationPipe } from './validation.pipe.js';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Characters of one part of a path; longer ones are 404. */
const MAX_PATH_PARAMETER = 512;

export interface ServiceOptions extends RegistrationOptions {
  readonly module: Type | DynamicModule;
  readonly title: string;
  readonly description: string;
  /** Makes a route that sees requests before Fastify, from what the application has. */
  readonly rawRoutes?: (app: INestApplication) => RawRoute;
  /** Names beside the loopback ones; `own` when the service guards itself. */
  readonly guard?: GuardOptions | 'own';
}

@Module({})
class ServiceRoot {}

/** Starts one service: Nest on Fastify with everything that all services have in common. Resolves when it listens and is registered. */
export async function startService(context: ServiceContext, options: ServiceOptions): Promise<RunningService> {
  const logger = context.logger ?? pino({ level: 'silent' });
  const raw = new RawServer();
  const meter = new LoadMeter();
  const root: DynamicModule = {
    module: ServiceRoot,
    imports: [SignalboxModule.forService(context, meter), options.module],
  };
  const tracing = httpTracingOf(context);
  const adapter = new FastifyAdapter({
    serverFactory: raw.factory,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER },
  });
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    traceRequest(tracing, request.raw, reply.raw, request.routeOptions.url);
    meter.count(reply.raw);
    done();
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
    // hooks on signals are the launcher's: Nest's would end the process under the other services
  });
  try {
    app.useGlobalPipes(validationPipe());
    app.useGlobalFilters(new ProblemFilter(logger));
    app.connectMicroservice(
      { strategy: new BusTransport(context.ports.bus, context.service, tracing.tracer) },
      { inheritAppConfig: true },
    );
    serveOpenApi(app, { title: options.title, description: options.description, version: context.version });
    await app.startAllMicroservices();
    const { guard = {} } = options;
    if (guard !== 'own') raw.add(loopbackGuard(context.bind, guard));
    if (options.rawRoutes) raw.add(options.rawRoutes(app));
    await app.listen(context.port, context.bind);
    const url = new URL(await app.getUrl());
    const deregister = await registerSelf(context, announced(url, context.advertise), options);
    const capacity = options.maxConcurrentRequests ?? DEFAULT_CAPACITY;
    const leave = await joinCluster(context, app.get<EventLog>(EVENT_LOG, { strict: false }), meter, capacity);
    const endMetrics = exportMetrics(context, app.get<Registry>(METRICS, { strict: false }));
    logger.info({ url: url.href }, `${context.service} is up`);
    return {
      service: context.service,
      url: url.origin,
      stop: () => stop([() => deregister('shutdown'), leave, () => app.close(), async () => void endMetrics()], logger),
    };
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/** Where others reach what listens here. */
function announced(url: URL, host: string | undefined): URL {
  const reached = new URL(url);
  if (host !== undefined) reached.hostname = host.includes(':') ? `[${host}]` : host;
  return reached;
}

/** @returns what sends them a last time; the port's own end waits for that, of all services together */
function exportMetrics({ ports, service, instanceId }: ServiceContext, registry: Registry): () => Promise<void> {
  // prom-client declares the types of metrics as an enum of numbers; they are texts
  const source = registry.getMetricsAsJSON.bind(registry) as unknown as MetricsSource;
  return ports.telemetry.exportMetrics?.(service, instanceId, source) ?? (() => Promise.resolve());
}

async function stop(steps: readonly (() => Promise<void>)[], logger: Logger): Promise<void> {
  for (const step of steps) {
    await step().catch((error: unknown) => logger.error({ err: error }, 'while stopping'));
  }
}
