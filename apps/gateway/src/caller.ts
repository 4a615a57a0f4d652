import type { CallAsTask, ClientContext } from '@signalbox/contracts';

/** What is different about a call that is, or may become, a task. */
export interface TaskTerms extends Omit<CallAsTask, 'hasOwnDeadline'> {
  /** How long it may take, in milliseconds; that of its server when absent. */
  readonly deadlineMs: number | undefined;
}

/** On whose behalf a request is handled, and what it may see. */
export interface Caller {
  readonly via: 'mcp' | 'rest';
  readonly client: ClientContext;
  /** The one server that is seen, with its own names; all of them when absent. */
  readonly scope?: string | undefined;
  /** The suites that the request has come through; absent where it begins here. */
  readonly suites?: readonly string[] | undefined;
  /** For a call that is, or may become, a task. */
  readonly task?: TaskTerms | undefined;
  /** The request runs already, and its gateway is gone: it goes on here. */
  readonly adopts?: Adoption | undefined;
  /** The session that stands behind the request. */
  readonly session?: CallerSession | undefined;
}

/** A running request that this gateway takes over for its client. */
export interface Adoption {
  /** The instance that runs it. */
  readonly executor: string;
  readonly requestId: string;
  /** What the client brought to prove that the request is its own. */
  readonly state: string;
  readonly digest: string;
}

/** What methods may change in a session. */
export interface CallerSession {
  readonly id: string;
  setLogLevel(level: string): void;
  /** @returns false when the session has as many subscriptions as it may */
  subscribe(uri: string, server: string): boolean;
  unsubscribe(uri: string): void;
}
