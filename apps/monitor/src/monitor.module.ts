import { Module, type DynamicModule } from '@nestjs/common';
import type { MonitorConfig } from './config.js';
import { AuditModule } from './features/audit/audit.module.js';
import { CallsModule } from './features/calls/calls.module.js';
import { DashboardModule } from './features/dashboard/dashboard.module.js';
import { EventsModule } from './features/events/events.module.js';
import { MetricsModule } from './features/metrics/metrics.module.js';
import { OperationsModule } from './features/operations/operations.module.js';
import { MonitorConfigModule } from './monitor-config.module.js';

const FEATURES = [EventsModule, CallsModule, AuditModule, MetricsModule, OperationsModule, DashboardModule];

@Module({})
export class MonitorModule {
  static with(config: MonitorConfig): DynamicModule {
    return { module: MonitorModule, imports: [MonitorConfigModule.with(config), ...FEATURES] };
  }
}
