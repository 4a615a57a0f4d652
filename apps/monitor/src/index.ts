import { followSettings, sectionChecks, startService, type StartService } from '@signalbox/nest-kit';
import { monitorConfigSchema, parseMonitorConfig } from './config.js';
import { MonitorModule } from './monitor.module.js';

/** Starts the monitor: it reads the log, and appends nothing but its own registration. */
export const start: StartService = async (context) => {
  const config = parseMonitorConfig(context.config);
  followSettings(context.config, 'monitor', config, () => parseMonitorConfig(context.config));
  return startService(context, {
    module: MonitorModule.with(config),
    title: 'Signalbox monitor',
    description: 'Reads the event log: events, calls, audit, metrics, dead letters and projections',
    features: ['events', 'calls', 'audit', 'metrics', 'dashboard'],
    guard: { ...config.http, setting: 'signalbox.monitor.http.allowedHosts and allowedOrigins' },
  });
};

/** How this service validates its sections of the configuration. */
export const checks = sectionChecks({ monitor: monitorConfigSchema });
