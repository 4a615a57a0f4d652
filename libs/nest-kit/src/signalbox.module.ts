import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { EventLog } from '@signalbox/runtime';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { LoadMeter } from './cluster/load-meter.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { ProjectionHost } from './projection-host.js';
import { ReadinessProbe } from './readiness-probe.js';
import type { ServiceContext } from './service-context.js';
import * as tokens from './tokens.js';

/** Gives every feature of a service its ports, its log, its metrics, and the endpoints that all services have. */
@Module({})
export class SignalboxModule {
  static forService(context: ServiceContext, meter = new LoadMeter()): DynamicModule {
    const { ports, service, instanceId } = context;
    const tracer = ports.telemetry.tracer(service, instanceId);
    const log = new EventLog(ports.events, { service, actor: instanceId, tracer, ...context.log });
    const value = (provide: symbol, useValue: unknown): Provider => ({ provide, useValue });
    const providers: Provider[] = [
      value(tokens.SERVICE_CONTEXT, context),
      value(tokens.EVENT_LOG, log),
      value(tokens.EVENT_STORE, ports.events),
      value(tokens.MESSAGE_BUS, ports.bus),
      value(tokens.SERVICE_DIRECTORY, ports.directory),
      value(tokens.READ_MODELS, ports.readModels),
      value(tokens.BLOB_STORE, ports.blobs),
      value(tokens.LEADER_LOCK, ports.leader),
      value(tokens.TRACER, tracer),
      value(tokens.CLOCK, ports.clock),
      value(tokens.CONFIG_SOURCE, context.config),
      value(tokens.METRICS, metricsOf(context, log)),
      { provide: LoadMeter, useValue: meter },
      ProjectionHost,
      ReadinessProbe,
    ];
    return {
      module: SignalboxModule,
      global: true,
      controllers: [HealthController, MetricsController],
      providers,
      exports: providers,
    };
  }
}

function metricsOf(context: ServiceContext, log: EventLog): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: context.service, instance: context.instanceId });
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'signalbox_log_kept_commits',
    help: 'Commits in memory that the event log has not taken yet: it is away, or was a moment ago',
    registers: [registry],
    collect() {
      this.set(log.kept);
    },
  });
  return registry;
}
