import type { ClientContext } from '@signalbox/contracts';

/** On whose behalf a request is handled, and what it may see. */
export interface Caller {
  readonly via: 'mcp' | 'rest';
  readonly client: ClientContext;
  /** The one server that is seen, with its own names; all of them when absent. */
  readonly scope?: string | undefined;
  /** Set when nobody waits on a connection for the result: how long the call may take, in milliseconds. */
  readonly taskMs?: number | undefined;
  /** The session that stands behind the request. */
  readonly session?: CallerSession | undefined;
}

/** What methods may change in a session. */
export interface CallerSession {
  readonly id: string;
  setLogLevel(level: string): void;
  /** @returns false when the session has as many subscriptions as it may */
  subscribe(uri: string, server: string): boolean;
  unsubscribe(uri: string): void;
}
