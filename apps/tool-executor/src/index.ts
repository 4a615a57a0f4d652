import { followSettings, sectionChecks, startService, type StartService } from '@signalbox/nest-kit';
import { redactionRulesSchema } from '@signalbox/runtime';
import { executorConfigSchema, parseExecutorConfig } from './config.js';
import { ToolExecutorModule } from './tool-executor.module.js';

/** Starts the tool-executor: it holds the connections to upstream servers and runs calls on them. */
export const start: StartService = (context) => {
  const config = parseExecutorConfig(context.config);
  followSettings(context.config, 'tool-executor', config, () => parseExecutorConfig(context.config));
  return startService(context, {
    module: ToolExecutorModule.with(config),
    title: 'Signalbox tool-executor',
    description: 'Holds the connections to upstream MCP servers and runs calls on them',
    role: 'worker',
    features: ['stdio', 'streamable-http', 'pools'],
    maxConcurrentRequests: config.capacityPerServer * Math.max(1, context.config.servers.length),
  });
};

/** How this service validates its sections of the configuration. */
export const checks = sectionChecks({ 'tool-executor': executorConfigSchema, redaction: redactionRulesSchema });
