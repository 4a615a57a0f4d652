import { isWithin } from './config-tree.js';

/**
 * What is applied while running, by path. Anything else is read once, at the start, and waits for a restart. A path stands
 * for everything below it. A setting may be here when whoever uses it reads it from the configuration of its service each
 * time that it is used.
 */
export const LIVE_SETTINGS: readonly string[] = [
  'mcpServers',
  'signalbox.federation',
  'signalbox.logging.level',
  'signalbox.gateway.http.maxBodyBytes',
  'signalbox.gateway.sessions.recheckMs',
  'signalbox.gateway.sessions.maxLookups',
  'signalbox.gateway.sessions.storeTimeoutMs',
  'signalbox.gateway.streams.maxFollowed',
  'signalbox.gateway.streams.followMs',
  'signalbox.gateway.streams.lostCallMs',
  'signalbox.gateway.streams.overdueMs',
  'signalbox.gateway.calls.drainMs',
  'signalbox.gateway.backends.pingTimeoutMs',
  'signalbox.registry.services.maxInstances',
  'signalbox.registry.watch.maxWatchers',
  'signalbox.tool-executor.retriesUnsent',
  'signalbox.tool-executor.maxReverseRequests',
  'signalbox.tool-executor.maxQueuedAppends',
  'signalbox.tool-executor.drainMs',
  'signalbox.tool-executor.lifecycle.drainMs',
  'signalbox.tool-executor.recovery.maxFollowed',
  'signalbox.tool-executor.recovery.followMs',
  'signalbox.tool-executor.pool.validateTimeoutMs',
  'signalbox.tool-executor.discovery.timeoutMs',
  'signalbox.tool-executor.discovery.maxPages',
  'signalbox.tool-executor.discovery.maxItems',
  'signalbox.resource-service.documents.maxBytes',
  'signalbox.resource-service.documents.maxDepth',
  'signalbox.resource-service.lists',
  'signalbox.resource-service.versions',
  'signalbox.monitor.events.maxScanned',
  'signalbox.monitor.calls.maxScanned',
  'signalbox.monitor.story',
];

/** Whether a change of this path is applied while running. */
export function isLiveSetting(path: string): boolean {
  return LIVE_SETTINGS.some((live) => isWithin(path, live));
}
