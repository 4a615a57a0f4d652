import type { EventData, UpstreamSettings } from '@signalbox/contracts';
import type { ToolClasses } from '@signalbox/domain/call';

export type ServerCatalogue = EventData<'catalogue.changed'>;

/** `available` is also a server that may come back any moment; `unavailable` is still listed, `gone` no longer. */
export type Availability = 'available' | 'unavailable' | 'gone';

/** What the log says of one upstream server. */
export interface ServerEntry {
  readonly name: string;
  /** Executors that are connected to it. */
  readonly executors: ReadonlySet<string>;
  /** Since when no executor is connected, in milliseconds since the epoch; undefined while one is. */
  readonly downSince: number | undefined;
  readonly lastError: string | undefined;
  readonly catalogue: ServerCatalogue | undefined;
  /** Of the long list of resources that `catalogue` has; undefined while it has none. */
  readonly resourcesHash: string | undefined;
  /** Id of the newest event that says that an executor has connected to it. */
  readonly startedBy: string | undefined;
  /** The revision of MCP that it speaks, as an executor has found out. */
  readonly protocolVersion: string | undefined;
  readonly capabilities: Readonly<Record<string, unknown>> | undefined;
  readonly instructions: string | undefined;
  /** Taken out of the lists: an operator has stopped or quarantined it, or it was let in again and has not been started yet. */
  readonly withheld: 'stopped' | 'awaited' | undefined;
  /** The server that its calls go to while it has failed. */
  readonly redirectedTo: string | undefined;
  /** It is known only so that what it offered is known when it comes back. */
  readonly isRemoved: boolean;
  /** As the API defined it; undefined where the configuration does. */
  readonly settings: UpstreamSettings | undefined;
  /** What operators have said by the API of its tools. */
  readonly toolClasses: ToolClasses;
}

export function newServerEntry(name: string, now: number): ServerEntry {
  return {
    name,
    executors: new Set(),
    downSince: now,
    lastError: undefined,
    catalogue: undefined,
    resourcesHash: undefined,
    startedBy: undefined,
    protocolVersion: undefined,
    capabilities: undefined,
    instructions: undefined,
    withheld: undefined,
    redirectedTo: undefined,
    isRemoved: false,
    settings: undefined,
    toolClasses: {},
  };
}
