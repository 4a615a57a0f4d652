import type { BlobStore } from './blob-store.js';
import type { Clock } from './clock.js';
import type { EventStore } from './event-store.js';
import type { LeaderLock } from './leader-lock.js';
import type { MessageBus } from './message-bus.js';
import type { ReadModels } from './read-models.js';
import type { ServiceDirectory } from './service-directory.js';
import type { Telemetry } from './telemetry.js';

/** Everything outside that a service may use; `libs/platform` makes it. */
export interface PortSet {
  readonly events: EventStore;
  readonly bus: MessageBus;
  readonly directory: ServiceDirectory;
  readonly readModels: ReadModels;
  readonly blobs: BlobStore;
  readonly leader: LeaderLock;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}
