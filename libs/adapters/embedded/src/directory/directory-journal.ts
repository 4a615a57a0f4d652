import { createEvent, newId, type NewEvent, type ServiceInstance } from '@signalbox/contracts';
import { VersionConflictError, type EventStore } from '@signalbox/ports';

type ServiceEvent = NewEvent<'service.registered' | 'service.status_changed' | 'service.deregistered'>;

interface Entry {
  /** As the log has it; undefined before registration and after deregistration. */
  logged: ServiceInstance | undefined;
  /** As it should be in the log. */
  wanted: ServiceInstance | undefined;
  reason: string;
  version: number;
  /** An append whose outcome is not known: the same commit goes again, before anything else. */
  unsettled: { event: ServiceEvent; commitId: string; result: ServiceInstance | undefined } | undefined;
  writing: Promise<void> | undefined;
}

const MAX_CONFLICTS = 5;

/**
 * Writes what changes in the directory to the log. It compares what the log has with what it should have, so that a
 * store that is away for a while delays events, and changes that were undone meanwhile leave none.
 */
export class DirectoryJournal {
  private readonly entries = new Map<string, Entry>();
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly store: EventStore,
    private readonly retryMs: number,
    private readonly onError: (error: unknown, where: string) => void,
  ) {}

  /** What was restored from the log needs no event. */
  restored(instanceId: string, instance: ServiceInstance | undefined, version: number): void {
    this.entries.set(instanceId, {
      logged: instance,
      wanted: instance,
      reason: '',
      version,
      unsettled: undefined,
      writing: undefined,
    });
  }

  /** Resolves when the log has it, or when the store would not take it now; it is tried again then. */
  record(instanceId: string, wanted: ServiceInstance | undefined, reason: string): Promise<void> {
    let entry = this.entries.get(instanceId);
    if (!entry) {
      entry = { logged: undefined, wanted, reason, version: 0, unsettled: undefined, writing: undefined };
      this.entries.set(instanceId, entry);
    }
    entry.wanted = wanted;
    entry.reason = reason;
    return this.write(instanceId, entry);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await Promise.all([...this.entries.values()].map((entry) => entry.writing));
  }

  private write(instanceId: string, entry: Entry): Promise<void> {
    entry.writing ??= Promise.resolve().then(() => this.writeAll(instanceId, entry));
    return entry.writing;
  }

  /** Ends `entry.writing` in the same step in which it finds nothing to write: no change can slip in between. */
  private async writeAll(instanceId: string, entry: Entry): Promise<void> {
    try {
      let conflicts = 0;
      while (isBehind(instanceId, entry)) {
        if (!(await this.writeOne(instanceId, entry)) && ++conflicts > MAX_CONFLICTS) {
          throw new Error(`the stream changed ${conflicts} times while it was written to`);
        }
      }
    } catch (error) {
      this.onError(error, `event of service instance ${instanceId}`);
      this.tryAgainLater();
    }
    entry.writing = undefined;
    if (!entry.logged && !entry.wanted && !entry.unsettled) this.entries.delete(instanceId);
  }

  /** @returns false when the stream was at another version, which is known now */
  private async writeOne(instanceId: string, entry: Entry): Promise<boolean> {
    entry.unsettled ??= unsettled(difference(instanceId, entry)!, entry.wanted);
    const { event, commitId, result } = entry.unsettled;
    try {
      const appended = await this.store.append({
        stream: `service-${instanceId}`,
        expectedVersion: entry.version,
        events: [event],
        commitId,
        metadata: {
          actor: event.type === 'service.status_changed' ? 'directory' : instanceId,
          correlationId: newId(),
        },
      });
      entry.version = appended.lastVersion;
      entry.logged = result;
      entry.unsettled = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      // the stream of an instance that was deregistered once, or another process on the same log
      entry.version = error.actual;
      return false;
    }
  }

  private tryAgainLater(): void {
    if (this.retry || this.closed) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      for (const [instanceId, entry] of this.entries) {
        if (isBehind(instanceId, entry)) void this.write(instanceId, entry);
      }
    }, this.retryMs);
  }
}

function unsettled(event: ServiceEvent, result: ServiceInstance | undefined): NonNullable<Entry['unsettled']> {
  return { event, commitId: `directory.${event.id}`, result };
}

function isBehind(instanceId: string, entry: Entry): boolean {
  return entry.unsettled !== undefined || difference(instanceId, entry) !== undefined;
}

/** The event that brings the log from what it has to what it should have. Load and heartbeats make none. */
function difference(instanceId: string, { logged, wanted, reason }: Entry): ServiceEvent | undefined {
  if (!wanted) {
    if (!logged) return undefined;
    return createEvent('service.deregistered', { instanceId, serviceName: logged.serviceName, reason });
  }
  if (!logged || essence(logged) !== essence(wanted)) return createEvent('service.registered', { instance: wanted });
  if (logged.status === wanted.status) return undefined;
  const { serviceName } = wanted;
  return createEvent('service.status_changed', {
    instanceId,
    serviceName,
    from: logged.status,
    to: wanted.status,
    reason,
  });
}

/** What of an instance is worth an event of its own, its status aside. */
function essence(instance: ServiceInstance): string {
  const { status: _status, lastUpdateTime: _time, capacity, features, tags, metadata, ...rest } = instance;
  return JSON.stringify([
    Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
    capacity.maxConcurrentRequests,
    features,
    tags,
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
