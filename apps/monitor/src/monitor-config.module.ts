import { Inject, Module, type DynamicModule } from '@nestjs/common';
import type { MonitorConfig } from './config.js';

const MONITOR_CONFIG = Symbol('MonitorConfig');

export const InjectMonitorConfig = () => Inject(MONITOR_CONFIG);

/** Gives every feature the monitor's own configuration. */
@Module({})
export class MonitorConfigModule {
  static with(config: MonitorConfig): DynamicModule {
    const provider = { provide: MONITOR_CONFIG, useValue: config };
    return { module: MonitorConfigModule, global: true, providers: [provider], exports: [provider] };
  }
}
